package org.tigress

import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlin.time.measureTime
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.tigress.support.KEY
import org.tigress.support.RelayProcess
import org.tigress.support.androidTransport
import org.tigress.support.config
import org.tigress.support.story
import org.tigress.support.transport
import org.tigress.support.wallet

/** How long a read waits at the relay: a write that had to wait for one takes longer than any busy machine makes it. */
private val WAITED = 50.seconds

/** Many transfers waiting at once, in one process. */
class WaitingTest {
    private val relay = RelayProcess()

    @AfterTest fun end() = relay.close()

    private fun threads() = java.io.File("/proc/self/task").list()?.size ?: 0

    @Test
    fun `twenty wait over the platform's HTTP, and no write is delayed`() = story {
        val platform = androidTransport()
        var begun = 0
        val all = CompletableDeferred<Unit>()
        val client = wallet(
            relay.origin,
            transport = transport { request ->
                if (request.wait.isPositive() && ++begun == 20) all.complete(Unit)
                platform.send(request)
            },
        )
        val waits = List(20) {
            val id = client.createInvitation(InvitationRequest()).transfer
            launch { client.poll(id, 1.minutes) }
        }
        all.await()
        val write = measureTime { client.createInvitation(InvitationRequest(credential = KEY)) }
        assertTrue(write < WAITED / 2, "it took $write, as long as a read waits")
        waits.forEach { it.cancelAndJoin() }
    }

    @Test
    fun `two hundred wait in the built-in transport without a thread each`() = story {
        val client = TransferClient(config(relay.origin).copy(longPoll = 50.seconds), memoryStore(), null)
        val ids = List(200) { client.createInvitation(InvitationRequest()).transfer }
        ids.forEach { client.poll(it) }
        val before = threads()
        val waits = ids.map { launch { client.poll(it, 1.minutes) } }
        val write = measureTime { client.createInvitation(InvitationRequest(credential = KEY)) }
        // Those that loaded and stored the transfers end when they had nothing to do for ten seconds.
        while (threads() - before > 20) delay(100)
        assertTrue(waits.all { it.isActive })
        assertTrue(write < WAITED / 2, "it took $write, as long as a read waits")
        waits.forEach { it.cancelAndJoin() }
    }
}
