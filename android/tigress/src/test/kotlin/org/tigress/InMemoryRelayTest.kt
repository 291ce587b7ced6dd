package org.tigress

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.last
import org.tigress.support.KEY
import org.tigress.support.credentials
import org.tigress.support.receive
import org.tigress.support.story

/** How a wallet tests itself: a relay in memory, stores in memory, no network. */
class InMemoryRelayTest {
    private val relay = InMemoryRelay()

    private fun wallet() = TransferClient(Config(relay.origin()), memoryStore(), relay.transport())

    @Test
    fun `a wallet's own test carries a whole transfer without a network`() = story {
        val sender = wallet()
        val receiver = wallet()
        val invitation = sender.createInvitation(InvitationRequest(title = "A key", credential = KEY))
        assertEquals(1UL, relay.mailboxes())
        val last = async { sender.events(invitation.transfer()).last() }

        val id = receiver.acceptInvitation(invitation.shareUrl())
        assertEquals("A key", receiver.transfers().single().title.shown)
        val received = receiver.receive(id)

        assertContentEquals(KEY.content, received.credentials().single().content)
        val completed: TransferEvent = TransferEvent.Closed(Outcome.Completed)
        assertEquals(completed, received.last())
        assertEquals(completed, last.await())
        assertEquals(0UL, relay.mailboxes())
    }

    @Test
    fun `its waits end when something happens, not before and not by asking again and again`() = story {
        val sender = wallet()
        val recorder = org.tigress.support.Recorder(relay.transport())
        val invitation = sender.createInvitation(InvitationRequest())
        val receiver = TransferClient(Config(relay.origin()), memoryStore(), recorder)
        val id = receiver.acceptInvitation(invitation.shareUrl())
        receiver.poll(id, kotlin.time.Duration.ZERO, 0UL)
        val asked = recorder.requests.size
        val waiting = async { receiver.receive(id) }
        kotlinx.coroutines.delay(300)
        assertEquals(true, recorder.requests.size - asked <= 2)
        sender.sendCredential(invitation.transfer(), KEY)
        val last = async { sender.events(invitation.transfer()).last() }
        assertEquals(KEY, waiting.await().credentials().single())
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Completed), last.await())
    }
}
