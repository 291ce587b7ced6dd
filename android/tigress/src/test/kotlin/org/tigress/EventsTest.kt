package org.tigress

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.tigress.support.CONFIRMED
import org.tigress.support.KEY
import org.tigress.support.receive
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.transport

/** What the flow of events promises. */
class EventsTest {
    private val relay = InMemoryRelay()

    private fun wallet(transport: HttpTransport = relay.transport) =
        TransferClient(Config(relay.origin, giveUpAfter = Duration.ZERO), memoryStore(), transport)

    private suspend fun TransferClient.unacknowledged(id: TransferId) = poll(id).events

    @Test
    fun `an event is acknowledged only when the next one is asked for`() = story {
        val sender = wallet()
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val receiver = wallet()
        val id = receiver.acceptInvitation(invitation.shareUrl, CONFIRMED)
        val sent = async { sender.events(invitation.transfer).toList() }
        val seen = mutableListOf<TransferEvent>()
        receiver.events(id).collect { event ->
            assertEquals(event, receiver.unacknowledged(id).first(), "not acknowledged while it is dealt with")
            seen += event
            if (event is TransferEvent.CredentialReceived) receiver.terminate(id, TerminateReason.DONE)
        }
        assertTrue(seen.size >= 3, "$seen")
        assertTrue(receiver.unacknowledged(id).isEmpty(), "the last one too, when the flow has ended")
        sent.await()
    }

    @Test
    fun `what a collector did not finish comes again`() = story {
        val sender = wallet()
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val receiver = wallet()
        val id = receiver.acceptInvitation(invitation.shareUrl, CONFIRMED)
        val sent = async { sender.events(invitation.transfer).toList() }
        val first = receiver.events(id).first()
        assertEquals(first, receiver.events(id).first())
        val two = receiver.events(id).take(2).toList()
        assertEquals(first, two.first())
        assertEquals(two.last(), receiver.events(id).first(), "the first of them was acknowledged")
        receiver.receive(id)
        sent.await()
    }

    @Test
    fun `one at a time collects, and leaving lets the next one begin`() = story {
        val sender = wallet()
        val invitation = sender.createInvitation(InvitationRequest())
        val id = invitation.transfer
        val watching = CompletableDeferred<Unit>()
        val held = TransferClient(
            Config(relay.origin),
            memoryStore(),
            transport { request ->
                if (request.wait.isPositive()) watching.complete(Unit)
                relay.transport.send(request)
            },
        )
        val mine = held.createInvitation(InvitationRequest()).transfer
        val first = launch { held.events(mine).collect() }
        watching.await()
        assertEquals("already_observed", refused { held.events(mine).first() }.code)
        first.cancelAndJoin()
        held.terminate(mine, TerminateReason.CANCELLED)
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Cancelled), held.events(mine).toList().last())
        assertEquals("unknown_transfer", refused { held.events(id).first() }.code)
    }

    @Test
    fun `it goes on when the relay can be reached again, and says so meanwhile`() = story {
        var failures = 1
        val flaky = transport { request ->
            if (failures-- > 0) throw TransportException(TransportFailure.UNREACHABLE, "no network")
            relay.transport.send(request)
        }
        val store = memoryStore()
        val there = TransferClient(Config(relay.origin), store, relay.transport)
        val id = there.createInvitation(InvitationRequest()).transfer
        there.terminate(id, TerminateReason.CANCELLED)
        val client = TransferClient(Config(relay.origin, giveUpAfter = Duration.ZERO), store, flaky)
        failures = Int.MAX_VALUE
        val told = mutableListOf<TigressException?>()
        val events = client.events(id) {
            told += it
            failures = 0
        }
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Cancelled), events.toList().last())
        assertEquals("relay_unreachable", told.first()?.code)
    }
}
