package org.tigress

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.time.Duration
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.consumeAsFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.launch
import org.tigress.support.CONFIRMED
import org.tigress.support.KEY
import org.tigress.support.Recorder
import org.tigress.support.credentials
import org.tigress.support.receive
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.transport

/** How a wallet tests itself: a relay in memory, stores in memory, no network. */
class InMemoryRelayTest {
    private val relay = InMemoryRelay()

    private fun wallet() = TransferClient(Config(relay.origin), memoryStore(), relay.transport)

    @Test
    fun `a wallet's own test carries a whole transfer without a network`() = story {
        val sender = wallet()
        val receiver = wallet()
        val invitation = sender.createInvitation(InvitationRequest(title = "A key", credential = KEY))
        assertEquals(1, relay.mailboxes)
        val last = async { sender.events(invitation.transfer).last() }

        val id = receiver.acceptInvitation(invitation.shareUrl, CONFIRMED)
        assertEquals("A key", receiver.transfers().single().title.shown)
        assertEquals(Authenticity.AUTHENTIC, receiver.transfers().single().authenticity)
        val received = receiver.receive(id)

        assertContentEquals(KEY.content, received.credentials().single().content)
        val completed: TransferEvent = TransferEvent.Closed(Outcome.Completed)
        assertEquals(completed, received.last())
        assertEquals(completed, last.await())
        assertEquals(0, relay.mailboxes)
    }

    @Test
    fun `a list of all transfers comes at once and whenever it is another, and what has ended may be forgotten`() = story {
        val wallet = wallet()
        val lists = Channel<List<TransferSummary>>(Channel.UNLIMITED)
        val collecting = launch { wallet.transfersFlow().collect { lists.send(it) } }
        assertEquals(emptyList(), lists.receive())
        val invitation = wallet.createInvitation(InvitationRequest(title = "A key", vertical = Vertical.HOME_KEY))
        val made = lists.receive().single()
        assertEquals(Triple(invitation.transfer, Vertical.HOME_KEY, relay.origin), Triple(made.id, made.vertical, made.relay))
        assertEquals("not_ended", refused { wallet.forget(invitation.transfer) }.code)
        wallet.terminate(invitation.transfer, TerminateReason.CANCELLED)
        wallet.events(invitation.transfer).collect {}
        wallet.forget(invitation.transfer)
        lists.consumeAsFlow().first { it.isEmpty() }
        collecting.cancelAndJoin()
    }

    @Test
    fun `its waits end when something happens, not before and not by asking again and again`() = story {
        val sender = wallet()
        val begun = CompletableDeferred<Unit>()
        val inner = relay.transport
        val recorder = Recorder(
            transport { request ->
                if (request.wait.isPositive()) begun.complete(Unit)
                inner.send(request)
            },
        )
        val invitation = sender.createInvitation(InvitationRequest())
        val receiver = TransferClient(Config(relay.origin), memoryStore(), recorder)
        val id = receiver.acceptInvitation(invitation.shareUrl, CONFIRMED)
        receiver.poll(id)
        val waiting = async { receiver.receive(id) }
        begun.await()
        val asked = recorder.requests.size
        // What happens in other mailboxes ends no wait.
        repeat(50) { sender.createInvitation(InvitationRequest()) }
        assertEquals(asked, recorder.requests.size)
        sender.sendCredential(invitation.transfer, KEY)
        val last = async { sender.events(invitation.transfer).last() }
        assertEquals(KEY, waiting.await().credentials().single())
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Completed), last.await())
    }
}
