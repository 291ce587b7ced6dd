package org.tigress.sample

import android.app.Application
import java.io.File
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.withContext
import org.tigress.Config
import org.tigress.LogLevel
import org.tigress.LogcatSink
import org.tigress.NotificationToken
import org.tigress.Tigress
import org.tigress.TigressException
import org.tigress.TransferClient
import org.tigress.setLogSink

/** One client, one wallet and one model for the whole app: activities come and go. */
class SampleWallet : Application() {
    private val wallet by lazy { FolderWallet(File(noBackupFilesDir, "wallet")) }
    private val client: TransferClient by lazy {
        Tigress.client(this, Config(relay = "https://relay.example"), approval = DeviceOwner(this))
    }

    /** Made when a screen wants it: a wake-up needs none. */
    val model: WalletModel by lazy {
        WalletModel(client, wallet, CoroutineScope(SupervisorJob() + Dispatchers.Main.immediate), pushToken = { token })
    }

    @Volatile private var token: NotificationToken? = null

    override fun onCreate() {
        super.onCreate()
        setLogSink(LogcatSink, LogLevel.INFO)
    }

    /** What a push and the work in the background do. Says whether it should be done again later. */
    suspend fun wake(): Boolean = withContext(Dispatchers.IO) {
        val woken = wake(client, wallet)
        Notices(this@SampleWallet).show(woken.news)
        woken.again
    }

    /** Where the relay can wake this phone from now on: for what is open, and for what begins. */
    suspend fun wakeBy(registration: String) {
        val fresh = NotificationToken("com.google.fcm", registration)
        token = fresh
        try {
            register(client, fresh)
        } catch (_: TigressException) {
            // At the next start, when it is asked for again.
        }
    }
}
