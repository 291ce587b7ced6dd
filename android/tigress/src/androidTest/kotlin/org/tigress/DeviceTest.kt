package org.tigress

import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import java.io.File
import java.security.KeyStore
import kotlin.test.AfterTest
import kotlin.test.BeforeTest
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.runner.RunWith

/** On a device or an emulator: the real AndroidKeyStore, the real HTTP, the library of its ABI. */
@RunWith(AndroidJUnit4::class)
class DeviceTest {
    private val context = InstrumentationRegistry.getInstrumentation().targetContext

    @BeforeTest
    @AfterTest
    fun erase() = AndroidTransferStore(context, "test").erase()

    @Test
    fun aWholeTransferWithTheDefaultStore() {
        runBlocking {
            withTimeout(60.seconds) {
                val relay = InMemoryRelay()
                val store = AndroidTransferStore(context, "test")
                val client = Tigress.client(context, Config(relay.origin), store, relay.transport)
                val other = TransferClient(Config(relay.origin), memoryStore(), relay.transport)
                val key = Credential("org.example.key", "the one and only key".encodeToByteArray())
                val invitation = client.createInvitation(InvitationRequest(credential = key))
                val sent = async { client.events(invitation.transfer).last() }
                val id = other.acceptInvitation(invitation.shareUrl, AcceptOptions(confirmed = true))
                val received = mutableListOf<Credential>()
                other
                    .events(id)
                    .onEach {
                        if (it is TransferEvent.CredentialReceived) {
                            received += it.credential
                            other.terminate(id, TerminateReason.DONE)
                        }
                    }
                    .last()
                assertContentEquals(key.content, received.single().content)
                assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Completed), sent.await())
            }
        }
    }

    @Test
    fun recordsAreSealedUnderAKeyOfThisDevice() {
        AndroidTransferStore(context, "test").save("a", null, "the secret".encodeToByteArray())
        val folder = File(context.noBackupFilesDir, "test")
        val kept = folder.walk().filter { it.isFile }.joinToString { it.readText(Charsets.ISO_8859_1) }
        assertFalse("the secret" in kept)
        val opened = AndroidTransferStore(context, "test").load("a")
        assertContentEquals("the secret".encodeToByteArray(), opened?.bytes)

        KeyStore.getInstance("AndroidKeyStore").apply { load(null) }.deleteEntry("org.tigress.test")
        val error = runCatching { AndroidTransferStore(context, "test").load("a") }.exceptionOrNull()
        assertEquals("the key of the store is lost", assertIs<StoreException.Failed>(error).message)
    }

    /** `scripts/android emulator` starts the relay beside the emulator and makes it the device's own port. */
    @Test
    fun everyMethodOverThePlatformsHttp() {
        val origin = InstrumentationRegistry.getArguments().getString("relay") ?: return
        runBlocking {
            withTimeout(60.seconds) {
                val config = Config(relay = origin, allowLoopbackHttp = true)
                val client = Tigress.client(context, config, AndroidTransferStore(context, "test"))
                val other = TransferClient(config, memoryStore(), AndroidHttpTransport(config))
                val invitation = client.createInvitation(InvitationRequest())
                // POST and PATCH, then PUT and DELETE.
                val declined = other.acceptInvitation(invitation.shareUrl, AcceptOptions(confirmed = true))
                other.decline(declined)
                assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Declined), other.events(declined).last())
                client.terminate(invitation.transfer, TerminateReason.CANCELLED)
                assertEquals<TransferEvent>(
                    TransferEvent.Closed(Outcome.Cancelled),
                    client.events(invitation.transfer).last(),
                )
            }
        }
    }
}
