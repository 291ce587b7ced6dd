package org.tigress

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.tigress.support.CONFIRMED
import org.tigress.support.KEY
import org.tigress.support.receive
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.transport

/** A call may be stopped anywhere: it stops at once, and nothing is lost. */
class CancellationTest {
    private val relay = InMemoryRelay()

    /** Holds waiting reads for ever, and tells when one begins and when it is cancelled. */
    private inner class Holding {
        val waiting = CompletableDeferred<Unit>()
        val cancelled = CompletableDeferred<Unit>()
        val client = TransferClient(
            Config(relay.origin),
            memoryStore(),
            transport { request ->
                if (!request.wait.isPositive()) return@transport relay.transport.send(request)
                waiting.complete(Unit)
                try {
                    awaitCancellation()
                } finally {
                    cancelled.complete(Unit)
                }
            },
        )
    }

    @Test
    fun `cancelling a coroutine cancels the request that it waits for`() = story {
        val held = Holding()
        val id = held.client.createInvitation(InvitationRequest()).transfer
        val poll = launch { held.client.poll(id, 1.minutes) }
        held.waiting.await()
        poll.cancelAndJoin()
        held.cancelled.await()
        held.client.terminate(id, TerminateReason.CANCELLED)
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Cancelled), held.client.events(id).toList().last())
    }

    @Test
    fun `something to send ends the wait for something to come`() = story {
        val held = Holding()
        val id = held.client.createInvitation(InvitationRequest()).transfer
        val events = async { held.client.events(id).toList() }
        held.waiting.await()
        held.client.terminate(id, TerminateReason.CANCELLED)
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Cancelled), events.await().last())
    }

    @Test
    fun `stopped at its every request, a transfer goes on and loses nothing`() = story {
        var stopAt = 0
        val sender = TransferClient(Config(relay.origin), memoryStore(), relay.transport)
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val sent = async { sender.events(invitation.transfer).toList() }
        val store = memoryStore()
        while (true) {
            // Before the request has left, and after it has been answered.
            var asked = 0
            val reached = CompletableDeferred<Unit>()
            val client = TransferClient(
                Config(relay.origin),
                store,
                transport { request ->
                    val stop = asked++ == stopAt / 2
                    val answer = if (stop && stopAt % 2 == 0) null else relay.transport.send(request)
                    if (stop) {
                        reached.complete(Unit)
                        awaitCancellation()
                    }
                    checkNotNull(answer)
                },
            )
            val whole = async {
                val id = client.acceptInvitation(invitation.shareUrl, CONFIRMED)
                client.receive(id)
            }
            val stopper = launch {
                reached.await()
                whole.cancel()
            }
            whole.join()
            stopper.cancelAndJoin()
            if (!whole.isCancelled) break
            stopAt++
        }
        assertTrue(stopAt >= 4, "$stopAt")
        val told = sent.await()
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Completed), told.last())
        assertEquals(1, told.count { it is TransferEvent.CredentialDelivered })
    }
}
