package org.tigress

import java.nio.file.Path
import java.security.SecureRandom
import kotlin.io.path.readText
import kotlin.io.path.walk
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.io.TempDir
import org.tigress.support.CONFIRMED
import org.tigress.support.KEY
import org.tigress.support.Recorder
import org.tigress.support.RelayProcess
import org.tigress.support.androidTransport
import org.tigress.support.credentials
import org.tigress.support.receive
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.wallet

/** Whole transfers between two clients, over a relay in a process of its own. */
class TransferTest {
    private val relay = RelayProcess()

    @AfterTest fun end() = relay.close()

    private val completed: TransferEvent = TransferEvent.Closed(Outcome.Completed)

    @Test
    fun `a credential goes over, an answer comes back, both ends are told`() = story {
        val sender = wallet(relay.origin)
        val receiver = wallet(relay.origin, transport = null)
        val invitation =
            sender.createInvitation(
                InvitationRequest(
                    title = "A key",
                    description = "to the house",
                    sender = "Ada",
                    format = KEY.format,
                    mayBePassedOn = true,
                    vertical = Vertical.HOME_KEY,
                    lifetime = 2.hours,
                ),
            )
        val preview = parseInvitation(invitation.shareUrl)
        assertEquals(relay.origin, preview.relay)
        assertEquals(Vertical.HOME_KEY, preview.vertical)
        val file = parseInvitation(invitation.file)
        assertEquals("$preview ${preview.mailbox}", "$file ${file.mailbox}")
        assertEquals(null to "A key", preview.title?.shown to file.title?.shown)
        assertEquals("Ada" to KEY.format, file.sender?.shown to file.format)
        assertTrue(invitation.qrCodeSvg().startsWith("<svg"))
        assertEquals(invitation.qrCode().width.let { it * it }, invitation.qrCode().pixels.size)

        val id = receiver.acceptInvitation(invitation.file, CONFIRMED)
        val offer = receiver.transfers().single { it.id == id }
        assertEquals(listOf("A key", "to the house", "Ada"), listOf(offer.title, offer.description, offer.sender).map { it.shown })
        assertEquals(KEY.format to true, offer.format to offer.mayBePassedOn)
        val answer = Credential("org.example.thanks", "thank you".encodeToByteArray())
        val sent = async {
            val transfer = invitation.transfer
            sender
                .events(transfer)
                .onEach { if (it == TransferEvent.Established) sender.sendCredential(transfer, KEY) }
                .toList()
        }
        val received =
            receiver
                .events(id)
                .onEach {
                    if (it is TransferEvent.CredentialReceived) {
                        receiver.sendCredential(id, answer)
                        receiver.terminate(id, TerminateReason.DONE)
                    }
                }
                .toList()

        assertEquals(listOf(KEY), received.credentials())
        assertEquals(completed, received.last())
        val told = sent.await()
        assertEquals(TransferEvent.Accepted, told.first())
        assertEquals(listOf(answer), told.credentials())
        assertTrue(TransferEvent.CredentialDelivered(0) in told)
        assertEquals(completed, told.last())
    }

    @Test
    fun `a PIN is asked for, a wrong one told, the right one opens`() = story {
        val sender = wallet(relay.origin)
        val receiver = wallet(relay.origin)
        val invitation = sender.createInvitation(InvitationRequest(pin = true, credential = KEY))
        val pin = checkNotNull(invitation.pin)
        val wrong = if (pin == "000000") "000001" else "000000"
        assertTrue(parseInvitation(invitation.shareUrl).pinRequired)
        val sent = async { sender.events(invitation.transfer).toList() }

        val id = receiver.acceptInvitation(invitation.shareUrl, CONFIRMED)
        var asked = 0
        val received =
            receiver
                .events(id)
                .onEach {
                    when (it) {
                        TransferEvent.PinRequired -> if (asked++ == 0) receiver.providePin(id, wrong)
                        is TransferEvent.PinRejected -> receiver.providePin(id, "${pin.take(3)} ${pin.drop(3)}")
                        is TransferEvent.CredentialReceived -> receiver.terminate(id, TerminateReason.DONE)
                        else -> Unit
                    }
                }
                .toList()
        assertTrue(received.any { it is TransferEvent.PinRejected && it.triesLeft == 4 }, "$received")
        assertEquals(listOf(KEY), received.credentials())
        assertEquals(completed, sent.await().last())
        assertTrue((sender.transfers() + receiver.transfers()).all { it.pinRequired }, "also after the end")
        sender.createInvitation(InvitationRequest(credential = KEY)).let { open ->
            assertFalse(sender.transfers().first { it.id == open.transfer }.pinRequired)
        }
    }

    @Test
    fun `killed in the middle on both sides, the credential arrives once`(@TempDir folder: Path) = story {
        val key = ByteArray(32).also { SecureRandom().nextBytes(it) }
        fun store(name: String) = directoryStore(folder.resolve(name).toString(), key)
        val invitation = wallet(relay.origin, store("sender")).use {
            it.createInvitation(InvitationRequest(credential = KEY, idempotencyKey = "tap"))
        }
        val again = wallet(relay.origin, store("sender")).use {
            it.createInvitation(InvitationRequest(credential = KEY, idempotencyKey = "tap"))
        }
        assertEquals(invitation.shareUrl, again.shareUrl)
        val id = wallet(relay.origin, store("receiver")).use { it.acceptInvitation(invitation.shareUrl, CONFIRMED) }
        wallet(relay.origin, store("receiver")).use { it.poll(id) }
        val accepted = wallet(relay.origin, store("sender")).use { it.poll(invitation.transfer) }
        wallet(relay.origin, store("sender")).use { it.poll(invitation.transfer, Duration.ZERO, accepted.cursor) }

        // Killed while it dealt with the credential: it comes again.
        val seen = wallet(relay.origin, store("receiver")).use { client ->
            client.events(id).first { it is TransferEvent.CredentialReceived }
        }
        val sent = async { wallet(relay.origin, store("sender")).events(invitation.transfer).toList() }
        val received = wallet(relay.origin, store("receiver")).receive(id)
        assertEquals(listOf(seen), received.filterIsInstance<TransferEvent.CredentialReceived>())
        assertEquals(completed, received.last())
        assertEquals(completed, sent.await().last())
        val kept = folder.walk().joinToString { it.readText(Charsets.ISO_8859_1) }
        assertFalse("the one and only key" in kept, "the store is sealed")
    }

    @Test
    fun `twenty transfers at once over the platform's HTTP`() = story {
        val sender = wallet(relay.origin)
        val receiver = wallet(relay.origin)
        val ends = (1..20).map { number ->
            async {
                val key = KEY.copy(content = "key $number".encodeToByteArray())
                val invitation = sender.createInvitation(InvitationRequest(credential = key))
                val sent = async { sender.events(invitation.transfer).toList().last() }
                val received = receiver.receive(receiver.acceptInvitation(invitation.shareUrl, CONFIRMED))
                assertEquals(listOf(key), received.credentials())
                listOf(sent.await(), received.last())
            }
        }
        assertEquals(setOf(completed), ends.awaitAll().flatten().toSet())
    }

    @Test
    fun `the relay sees neither the secret nor the credential`() = story {
        val recorder = Recorder(androidTransport())
        val sender = wallet(relay.origin, transport = recorder)
        val receiver = wallet(relay.origin, transport = recorder)
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val sent = async { sender.events(invitation.transfer).toList() }
        receiver.receive(receiver.acceptInvitation(invitation.shareUrl, CONFIRMED))
        sent.await()
        val secret = invitation.shareUrl.substringAfter('#')
        val seen = recorder.requests.joinToString("\n") { request ->
            listOf(request.url, request.headers.joinToString { it.value }, request.body?.decodeToString()).joinToString(" ")
        }
        assertFalse(secret in seen)
        assertFalse("the one and only key" in seen)
        assertFalse('#' in recorder.requests.joinToString { it.url })
    }

    @Test
    fun `declined before anything was answered, the invitation serves another device`() = story {
        val sender = wallet(relay.origin)
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val first = wallet(relay.origin)
        val declined = first.acceptInvitation(invitation.shareUrl, CONFIRMED)
        first.decline(declined)
        val end: TransferEvent = TransferEvent.Closed(Outcome.Declined)
        assertEquals(end, first.events(declined).toList().last())

        val sent = async { sender.events(invitation.transfer).toList() }
        val second = wallet(relay.origin)
        val received = second.receive(second.acceptInvitation(invitation.shareUrl, CONFIRMED))
        assertEquals(listOf(KEY), received.credentials())
        assertEquals(completed, sent.await().last())
        assertEquals(
            "claimed_by_another",
            refused {
                wallet(relay.origin).acceptInvitation(
                    sender.createInvitation(InvitationRequest()).also {
                        second.acceptInvitation(it.shareUrl, CONFIRMED)
                    }.shareUrl,
                )
            }.code,
        )
    }
}
