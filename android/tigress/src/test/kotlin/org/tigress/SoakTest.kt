package org.tigress

import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.measureTime
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable
import org.tigress.support.CONFIRMED
import org.tigress.support.KEY
import org.tigress.support.RelayProcess
import org.tigress.support.receive
import org.tigress.support.wallet

/**
 * Figures, and what only many transfers show. Run alone, so that they mean something:
 * `TIGRESS_SOAK=1000 scripts/kotlin test-compile surefire:test@default-test -Dtest=SoakTest`.
 */
@EnabledIfEnvironmentVariable(named = "TIGRESS_SOAK", matches = "[1-9][0-9]*", disabledReason = "TIGRESS_SOAK says how many transfers")
class SoakTest {
    @Test
    fun `many transfers, one after another, leave no memory behind`() {
        val count = System.getenv("TIGRESS_SOAK").toInt()
        RelayProcess().use { relay ->
            runBlocking {
                // The first ones fill caches and pools, and make the JVM compile what is used often.
                repeat(count / 5 + 1) { transfer(relay.origin) }
                val before = Memory.now()
                // A leak grows with each part; caches and what the JVM compiles do not.
                val parts = List(5) {
                    repeat(count / 5) { transfer(relay.origin) }
                    Memory.now() - before
                }
                val growth = parts.last()
                println("memory after $count transfers: $growth; the process by fifths: ${parts.map { it.resident }} KiB more")
                assertTrue(growth.used < 4 * 1024, "objects stay in the heap: $growth")
                assertTrue(growth.resident < 32 * 1024, "memory outside the heap grows: $growth")
            }
        }
    }

    @Test
    fun `what a call costs that does nothing`() = runBlocking {
        val relay = InMemoryRelay()
        TransferClient(Config(relay.origin), memoryStore(), relay.transport).use { client ->
            val sync = suspend { relay.mailboxes }
            val async = suspend { client.transfers() }
            println("a call: ${cost(sync)}; an async call, with a look into an empty store: ${cost(async)}")
        }
        // The same calls without a language between; `cargo build -p tigress-ffi --example call_cost` makes it.
        val plain = File(System.getProperty("tigress.command")).resolveSibling("examples/call_cost")
        if (plain.exists()) {
            print(ProcessBuilder(plain.path).start().inputStream.bufferedReader().readText())
        } else {
            println("plain Rust is not measured: $plain is not built")
        }
    }

    private suspend fun transfer(origin: String) = coroutineScope {
        wallet(origin, transport = null).use { sender ->
            wallet(origin, transport = null).use { receiver ->
                val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
                val ended = async { sender.events(invitation.transfer).last() }
                val completed: TransferEvent = TransferEvent.Closed(Outcome.Completed)
                val id = receiver.acceptInvitation(invitation.shareUrl, CONFIRMED)
                assertEquals(completed, receiver.receive(id).last())
                assertEquals(completed, ended.await())
            }
        }
    }

    private suspend fun cost(call: suspend () -> Any): String {
        val calls = 10_000
        repeat(calls) { call() }
        val each = measureTime { repeat(calls) { call() } } / calls
        return "${each.inWholeNanoseconds} ns"
    }

    /** In KiB: what the system says of this process, and what lives in its Java heap. */
    private data class Memory(val resident: Long, val used: Long) {
        operator fun minus(other: Memory) = Memory(resident - other.resident, used - other.used)

        companion object {
            fun now(): Memory {
                // The second round takes what the finalizers of the first one let go.
                repeat(2) {
                    System.gc()
                    System.runFinalization()
                }
                val line = File("/proc/self/status").readLines().first { it.startsWith("VmRSS:") }
                val heap = Runtime.getRuntime()
                return Memory(line.filter(Char::isDigit).toLong(), (heap.totalMemory() - heap.freeMemory()) / 1024)
            }
        }
    }
}
