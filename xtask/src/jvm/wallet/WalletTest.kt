import kotlin.test.Test
import kotlin.test.assertEquals
import kotlinx.coroutines.runBlocking
import org.tigress.Config
import org.tigress.InMemoryRelay
import org.tigress.InvitationRequest
import org.tigress.TransferClient
import org.tigress.memoryStore
import org.tigress.parseInvitation

class WalletTest {
    @Test
    fun `an invitation is made without a network and without anything installed`() = runBlocking {
        val relay = InMemoryRelay()
        val client = TransferClient(Config(relay.origin()), memoryStore(), relay.transport())
        val invitation = client.createInvitation(InvitationRequest(title = "A key"))
        assertEquals(relay.origin(), parseInvitation(invitation.shareUrl()).relay)
        assertEquals(1UL, relay.mailboxes())
    }
}
