package org.tigress

import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.toList
import org.tigress.support.CONFIRMED
import org.tigress.support.KEY
import org.tigress.support.RelayProcess
import org.tigress.support.androidTransport
import org.tigress.support.config
import org.tigress.support.receive
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.transport
import org.tigress.support.wallet

/** Each error as Kotlin sees it: its code, what comes with it, whether to try again. */
class ErrorsTest {
    private val relay = RelayProcess()

    @AfterTest fun end() = relay.close()

    private fun answering(status: Int) = transport { HttpResponse(status, emptyList(), ByteArray(0)) }

    private fun patient(origin: String, transport: HttpTransport) =
        TransferClient(config(origin).copy(giveUpAfter = Duration.ZERO), memoryStore(), transport)

    @Test
    fun `what is no invitation is said precisely and never repeated`() {
        val error =
            assertFailsWith<TigressException> {
                parseInvitation("https://relay.example/v1/m/2e9b8aa5-8e4f-4f0e-b25c-2c3d56a8b7a1?v=a")
            }
        assertEquals("secret_missing", error.what)
        assertEquals("bad_invitation", error.code)
        assertFalse(error.isRetryable)
        assertFalse("relay.example" in "$error ${error.message}")
    }

    @Test
    fun `a relay that is not trusted, until the user trusts it`() = story {
        val invitation = wallet(relay.origin).createInvitation(InvitationRequest())
        val stranger = wallet("http://127.0.0.1:1")
        val error = refused { stranger.acceptInvitation(invitation.shareUrl, CONFIRMED) }
        assertEquals("untrusted_relay", error.code)
        assertEquals("127.0.0.1", error.host)
        stranger.acceptInvitation(invitation.shareUrl, AcceptOptions(trust = relay.origin, confirmed = true))
    }

    @Test
    fun `taken by another device, and gone`() = story {
        val sender = wallet(relay.origin)
        val invitation = sender.createInvitation(InvitationRequest())
        wallet(relay.origin).acceptInvitation(invitation.shareUrl, CONFIRMED)
        val late = wallet(relay.origin)
        assertEquals("claimed_by_another", refused { late.acceptInvitation(invitation.shareUrl, CONFIRMED) }.code)
        sender.terminate(invitation.transfer, TerminateReason.CANCELLED)
        sender.events(invitation.transfer).toList()
        assertEquals("no_longer_there", refused { late.acceptInvitation(invitation.shareUrl, CONFIRMED) }.code)
    }

    @Test
    fun `what was used on this device is not used again`() = story {
        val sender = wallet(relay.origin)
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val receiver = wallet(relay.origin)
        val id = receiver.acceptInvitation(invitation.shareUrl, CONFIRMED)
        val sent = async { sender.events(invitation.transfer).toList() }
        receiver.receive(id)
        sent.await()
        val closed = refused { receiver.sendCredential(id, KEY) }
        assertEquals("closed", closed.code)
        assertEquals<Outcome?>(Outcome.Completed, closed.outcome)
        assertEquals("closed", refused { sender.invitation(invitation.transfer) }.code)
    }

    @Test
    fun `a PIN where none is asked for, and one that is none`() = story {
        val invitation = wallet(relay.origin).createInvitation(InvitationRequest())
        val receiver = wallet(relay.origin)
        val link = invitation.shareUrl
        assertEquals("pin_downgrade", refused { receiver.acceptInvitation(link, AcceptOptions(pin = "123456")) }.code)
        assertEquals("bad_pin", refused { receiver.acceptInvitation(link, AcceptOptions(pin = "12345")) }.code)
        val id = receiver.acceptInvitation(link, CONFIRMED)
        assertEquals("pin_not_asked", refused { receiver.providePin(id, "123456") }.code)
    }

    @Test
    fun `the wrong secret does not open, and the right device still can`() = story {
        val invitation = wallet(relay.origin).createInvitation(InvitationRequest())
        val link = invitation.shareUrl
        val secret = link.substringAfter('#')
        val wrong = link.replace(secret, secret.replaceFirstChar { if (it == 'A') 'B' else 'A' })
        val plain = transport { request ->
            // The relay's recipient proof would stop it before.
            androidTransport().send(request.copy(body = request.body?.let { withoutProof(it) }))
        }
        val open = TransferClient(config(relay.origin), memoryStore(), plain).createInvitation(InvitationRequest())
        val other = open.shareUrl.replace(open.shareUrl.substringAfter('#'), secret)
        val error = refused { wallet(relay.origin).acceptInvitation(other, CONFIRMED) }
        assertEquals("security", error.code)
        assertTrue(error.majorStatus!! != 0L)
        assertEquals("claimed_by_another", refused { wallet(relay.origin).acceptInvitation(wrong, CONFIRMED) }.code)
        wallet(relay.origin).acceptInvitation(link, CONFIRMED)
        wallet(relay.origin).acceptInvitation(open.shareUrl, CONFIRMED)
    }

    private fun withoutProof(body: ByteArray) =
        body.decodeToString().replace(Regex(",\"recipientProof\":\"[^\"]*\""), "").encodeToByteArray()

    @Test
    fun `what is sent must be in order`() = story {
        val sender = wallet(relay.origin)
        val id = sender.createInvitation(InvitationRequest()).transfer
        val large = Credential("org.example.key", ByteArray(256 * 1024 + 1))
        assertEquals("too_large", refused { sender.sendCredential(id, large) }.code)
        val noJson = Credential("digitalwallet.carkey.ccc", "no JSON".encodeToByteArray())
        assertEquals("bad_credential", refused { sender.sendCredential(id, noJson) }.code)
        assertEquals("bad_config", refused { sender.createInvitation(InvitationRequest(lifetime = 31.days)) }.code)
        assertEquals("not_the_receiver", refused { sender.decline(id) }.code)
        assertEquals("unknown_transfer", refused { sender.terminate(TransferId("no id")) }.code)
    }

    @Test
    fun `no answer, and answers that are none`() = story {
        val dead = patient(relay.origin, transport { throw TransportException(TransportFailure.UNREACHABLE, "no network") })
        val unreachable = refused { dead.createInvitation(InvitationRequest()) }
        assertEquals("relay_unreachable", unreachable.code)
        assertEquals(TransportFailure.UNREACHABLE, unreachable.failure)
        assertEquals("no answer from the relay: no network", unreachable.message)
        assertTrue(unreachable.isRetryable)
        for ((status, retryable) in mapOf(503 to true, 429 to true, 403 to false, 302 to false)) {
            val refused = refused { patient(relay.origin, answering(status)).createInvitation(InvitationRequest()) }
            assertEquals(status, refused.status)
            assertEquals(retryable, refused.isRetryable, "$status")
        }
        val nonsense = refused { patient(relay.origin, answering(200)).createInvitation(InvitationRequest()) }
        assertNull(nonsense.status)
    }

    @Test
    fun `settings and keys out of range`() {
        val config = assertFailsWith<TigressException> { TransferClient(Config("no origin"), memoryStore()) }
        assertEquals("bad_config", config.code)
        assertFailsWith<TigressException> { directoryStore("/nowhere", ByteArray(31)) }
    }

    @Test
    fun `secrets are not shown by accident`() = story {
        val invitation = wallet(relay.origin).createInvitation(InvitationRequest(pin = true, deviceAttestation = "attested"))
        val shown =
            listOf(
                invitation,
                KEY,
                InvitationRequest(deviceAttestation = "attested"),
                AcceptOptions(pin = "123456"),
                NotificationToken("gateway", "token data"),
                TransferEvent.CredentialReceived(KEY, 0),
                StoredRecord("1", "the one".encodeToByteArray()),
                HttpRequest(HttpMethod.GET, "https://relay.example/v1/m/1", listOf(HttpHeader("claim", "123")), null, Duration.ZERO),
            )
                .joinToString()
        for (secret in listOf(
            invitation.shareUrl.substringAfter('#'),
            "attested",
            "123",
            "token data",
            "the one",
            "relay.example",
            "116, 104",
        )) {
            assertFalse(secret in shown, "$secret in $shown")
        }
    }
}
