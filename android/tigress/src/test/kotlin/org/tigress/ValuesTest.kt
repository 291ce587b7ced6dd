package org.tigress

import kotlin.enums.EnumEntries
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import org.tigress.support.KEY
import org.tigress.support.config
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.wallet

/** The values that apps see: in step with the library's, and harmless when printed. */
class ValuesTest {
    @Test
    fun `enums have the names of the library's, in its order`() {
        fun same(ours: EnumEntries<*>, library: EnumEntries<*>) = assertEquals(library.map { it.name }, ours.map { it.name })
        same(Vertical.entries, org.tigress.generated.Vertical.entries)
        same(Authenticity.entries, org.tigress.generated.Authenticity.entries)
        same(TransferRole.entries, org.tigress.generated.TransferRole.entries)
        same(TerminateReason.entries, org.tigress.generated.TerminateReason.entries)
        same(EndReason.entries, org.tigress.generated.EndReason.entries)
        same(LogLevel.entries, org.tigress.generated.LogLevel.entries)
        same(HttpMethod.entries, org.tigress.generated.HttpMethod.entries)
        same(TransportFailure.entries, org.tigress.generated.TransportFailure.entries)
    }

    @Test
    fun `what is printed says what it is, and no secret`() = story {
        assertEquals("Closed(outcome=Declined)", TransferEvent.Closed(Outcome.Declined).toString())
        assertEquals("PinRequired", TransferState.PinRequired.toString())
        val token = NotificationToken("com.google.fcm", "secret-token")
        val invitation = wallet(InMemoryRelay()).createInvitation(InvitationRequest(pin = true, credential = KEY))
        val printed = listOf(
            token,
            InvitationRequest(notificationToken = token, deviceAttestation = "secret-proof", credential = KEY),
            AcceptOptions(pin = "123456-secret", notificationToken = token),
            invitation,
            TransferEvent.CredentialReceived(KEY, 0),
            StoredRecord("1", "secret".encodeToByteArray()),
            HttpRequest(HttpMethod.PUT, "https://relay.example/secret", listOf(HttpHeader("mailbox-device-claim", "secret"))),
            HttpResponse(200, emptyList(), "secret".encodeToByteArray()),
        ).joinToString()
        listOf("secret", "the one and only", "123456", invitation.pin.orEmpty(), invitation.shareUrl).forEach {
            assertFalse(it in printed, printed)
        }
    }

    @Test
    fun `settings out of their range are refused, not bent`() = story {
        listOf(config("https://relay.example").copy(pinDigits = 1_000_000), config("https://relay.example").copy(pinTries = -1)).forEach {
            assertEquals("bad_config", refused { TransferClient(it, memoryStore(), InMemoryRelay().transport) }.code)
        }
    }

    private fun wallet(relay: InMemoryRelay) = TransferClient(Config(relay.origin), memoryStore(), relay.transport)
}
