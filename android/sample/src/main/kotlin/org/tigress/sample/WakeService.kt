package org.tigress.sample

import com.google.firebase.messaging.FirebaseMessagingService
import com.google.firebase.messaging.RemoteMessage
import kotlinx.coroutines.runBlocking

/** Firebase Cloud Messaging: the relay's pushes, `{"type": "wake"}`. */
class WakeService : FirebaseMessagingService() {
    /** In a thread of its own, which has 20 seconds; what is left is done later. */
    override fun onMessageReceived(message: RemoteMessage) {
        val again = runBlocking { (application as SampleWallet).wake() }
        if (again) WakeWork.soon(this)
    }

    /** At the first start, and whenever Firebase has another one. */
    override fun onNewToken(token: String): Unit = runBlocking { (application as SampleWallet).wakeBy(token) }
}
