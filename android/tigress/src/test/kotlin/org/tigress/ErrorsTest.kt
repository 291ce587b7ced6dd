package org.tigress

import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.toList
import org.tigress.support.KEY
import org.tigress.support.RelayProcess
import org.tigress.support.androidTransport
import org.tigress.support.config
import org.tigress.support.receive
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.transport
import org.tigress.support.wallet

/** Each error as Kotlin sees it: its class, its code, whether to try again. */
class ErrorsTest {
    private val relay = RelayProcess()

    @AfterTest fun end() = relay.close()

    private fun answering(status: Int) = transport { HttpResponse(status.toUShort(), emptyList(), ByteArray(0)) }

    private fun patient(origin: String, transport: HttpTransport) =
        TransferClient(config(origin).copy(giveUpAfter = Duration.ZERO), memoryStore(), transport)

    @Test
    fun `what is no invitation is said precisely and never repeated`() {
        val error =
            assertFailsWith<TigressException.BadInvitation> {
                parseInvitation("https://relay.example/v1/m/2e9b8aa5-8e4f-4f0e-b25c-2c3d56a8b7a1?v=a")
            }
        assertEquals("secret_missing", error.what)
        assertEquals("bad_invitation", error.code())
        assertFalse(error.isRetryable())
        assertFalse("relay.example" in "$error ${error.message}")
    }

    @Test
    fun `a relay that is not trusted, until the user trusts it`() = story {
        val invitation = wallet(relay.origin).createInvitation(InvitationRequest())
        val stranger = wallet("http://127.0.0.1:1")
        val error = assertIs<TigressException.UntrustedRelay>(refused { stranger.acceptInvitation(invitation.shareUrl()) })
        assertEquals("127.0.0.1", error.host)
        stranger.acceptInvitation(invitation.shareUrl(), AcceptOptions(trust = relay.origin))
    }

    @Test
    fun `taken by another device, and gone`() = story {
        val sender = wallet(relay.origin)
        val invitation = sender.createInvitation(InvitationRequest())
        wallet(relay.origin).acceptInvitation(invitation.shareUrl())
        val late = wallet(relay.origin)
        assertIs<TigressException.ClaimedByAnother>(refused { late.acceptInvitation(invitation.shareUrl()) })
        sender.terminate(invitation.transfer(), TerminateReason.CANCELLED)
        sender.events(invitation.transfer()).toList()
        assertIs<TigressException.NoLongerThere>(refused { late.acceptInvitation(invitation.shareUrl()) })
    }

    @Test
    fun `what was used on this device is not used again`() = story {
        val sender = wallet(relay.origin)
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val receiver = wallet(relay.origin)
        val id = receiver.acceptInvitation(invitation.shareUrl())
        val sent = async { sender.events(invitation.transfer()).toList() }
        receiver.receive(id)
        sent.await()
        val closed = assertIs<TigressException.Closed>(refused { receiver.sendCredential(id, KEY) })
        assertEquals<Outcome>(Outcome.Completed, closed.outcome)
        assertIs<TigressException.Closed>(refused { sender.invitation(invitation.transfer()) })
    }

    @Test
    fun `a PIN where none is asked for, and one that is none`() = story {
        val invitation = wallet(relay.origin).createInvitation(InvitationRequest())
        val receiver = wallet(relay.origin)
        val link = invitation.shareUrl()
        assertIs<TigressException.PinDowngrade>(refused { receiver.acceptInvitation(link, AcceptOptions(pin = "123456")) })
        assertEquals("bad_pin", refused { receiver.acceptInvitation(link, AcceptOptions(pin = "12345")) }.code())
        val id = receiver.acceptInvitation(link)
        assertEquals("pin_not_asked", refused { receiver.providePin(id, "123456") }.code())
    }

    @Test
    fun `the wrong secret does not open, and the right device still can`() = story {
        val invitation = wallet(relay.origin).createInvitation(InvitationRequest())
        val link = invitation.shareUrl()
        val secret = link.substringAfter('#')
        val wrong = link.replace(secret, secret.replaceFirstChar { if (it == 'A') 'B' else 'A' })
        val plain = transport { request ->
            // The relay's recipient proof would stop it before.
            androidTransport().send(request.copy(body = request.body?.let { withoutProof(it) }))
        }
        val open = TransferClient(config(relay.origin), memoryStore(), plain).createInvitation(InvitationRequest())
        val other = open.shareUrl().replace(open.shareUrl().substringAfter('#'), secret)
        val error = assertIs<TigressException.Security>(refused { wallet(relay.origin).acceptInvitation(other) })
        assertTrue(error.major != 0u)
        assertEquals("security", error.code())
        assertIs<TigressException.ClaimedByAnother>(refused { wallet(relay.origin).acceptInvitation(wrong) })
        wallet(relay.origin).acceptInvitation(link)
        wallet(relay.origin).acceptInvitation(open.shareUrl())
    }

    private fun withoutProof(body: ByteArray) =
        body.decodeToString().replace(Regex(",\"recipientProof\":\"[^\"]*\""), "").encodeToByteArray()

    @Test
    fun `what is sent must be in order`() = story {
        val sender = wallet(relay.origin)
        val id = sender.createInvitation(InvitationRequest()).transfer()
        val large = Credential("org.example.key", ByteArray(256 * 1024 + 1))
        assertIs<TigressException.TooLarge>(refused { sender.sendCredential(id, large) })
        val noJson = Credential("digitalwallet.carkey.ccc", "no JSON".encodeToByteArray())
        assertIs<TigressException.BadCredential>(refused { sender.sendCredential(id, noJson) })
        assertEquals("bad_config", refused { sender.createInvitation(InvitationRequest(lifetime = 31.days)) }.code())
        assertEquals("not_the_receiver", refused { sender.decline(id) }.code())
        assertEquals("unknown_transfer", refused { sender.terminate("no id", TerminateReason.DONE) }.code())
    }

    @Test
    fun `no answer, and answers that are none`() = story {
        val dead = patient(relay.origin, transport { throw TransportException.Failed(TransportFailure.UNREACHABLE, "no network") })
        val unreachable = assertIs<TigressException.RelayUnreachable>(refused { dead.createInvitation(InvitationRequest()) })
        assertEquals("no network", unreachable.reason)
        assertTrue(unreachable.isRetryable())
        for ((status, retryable) in mapOf(503 to true, 429 to true, 403 to false, 302 to false)) {
            val refused = refused { patient(relay.origin, answering(status)).createInvitation(InvitationRequest()) }
            assertEquals(status.toUShort(), assertIs<TigressException.RelayRefused>(refused).status)
            assertEquals(retryable, refused.isRetryable(), "$status")
        }
        val nonsense = refused { patient(relay.origin, answering(200)).createInvitation(InvitationRequest()) }
        assertEquals(0.toUShort(), assertIs<TigressException.RelayRefused>(nonsense).status)
    }

    @Test
    fun `settings and keys out of range`() {
        val config = assertFailsWith<TigressException.Other> { TransferClient(Config("no origin"), memoryStore()) }
        assertEquals("bad_config", config.code())
        assertFailsWith<TigressException.Other> { directoryStore("/nowhere", ByteArray(31)) }
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
                TransferEvent.CredentialReceived(KEY, 0UL),
                StoredRecord("1", "the one".encodeToByteArray()),
                HttpRequest(HttpMethod.GET, "https://relay.example/v1/m/1", listOf(HttpHeader("claim", "123")), null, Duration.ZERO),
            )
                .joinToString()
        for (secret in listOf(
            invitation.shareUrl().substringAfter('#'),
            "attested",
            "123",
            "token data",
            "the one",
            "relay.example",
            "116, 104",
        )) {
            assertFalse(secret in shown, "$secret in $shown")
        }
        assertEquals("the invitation has expired", TigressException.Expired().toString())
    }
}
