package org.tigress

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.flow.toList
import org.tigress.support.CONFIRMED
import org.tigress.support.KEY
import org.tigress.support.credentials
import org.tigress.support.receive
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.transport

/** Stores, transports and sinks written in Kotlin. */
class ForeignTest {
    private val relay = InMemoryRelay()

    @AfterTest fun quiet() = setLogSink(null, LogLevel.ERROR)

    /** A store as an app might write it. */
    private open class MapStore : TransferStore {
        private val records = ConcurrentHashMap<String, StoredRecord>()
        private val versions = AtomicInteger()

        override fun load(key: String): StoredRecord? = records[key]

        override fun save(key: String, expected: String?, bytes: ByteArray): String {
            val fresh = StoredRecord(versions.incrementAndGet().toString(), bytes)
            records.compute(key) { _, current ->
                if (current?.version != expected) throw StoreException.Conflict()
                fresh
            }
            return fresh.version
        }

        override fun delete(key: String, expected: String) {
            records.compute(key) { _, current ->
                if (current?.version != expected) throw StoreException.Conflict()
                null
            }
        }

        override fun list(): List<String> = records.keys.toList()
    }

    private fun wallet(store: TransferStore, transport: HttpTransport = relay.transport) =
        TransferClient(Config(relay.origin, giveUpAfter = Duration.ZERO), store, transport)

    @Test
    fun `a store and a transport written in Kotlin carry a transfer`() = story {
        val own = transport { relay.transport.send(it) }
        val sender = wallet(MapStore(), own)
        val receiver = wallet(MapStore(), own)
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val sent = async { sender.events(invitation.transfer).toList() }
        val received = receiver.receive(receiver.acceptInvitation(invitation.shareUrl, CONFIRMED))
        assertEquals(listOf(KEY), received.credentials())
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Completed), sent.await().last())
        assertEquals(TransferRole.SENDER, sender.transfers().single().role)
    }

    @Test
    fun `what a store fails with is what the call fails with`() = story {
        fun failing(error: () -> Nothing) = wallet(object : MapStore() {
            override fun save(key: String, expected: String?, bytes: ByteArray): String = error()
        })
        val create: suspend (TransferClient) -> Any? = { it.createInvitation(InvitationRequest()) }
        val full = refused { create(failing { throw StoreException.Failed("the disk is full") }) }
        assertEquals("store" to "the store failed: the disk is full", full.code to full.message)
        assertTrue(full.isRetryable)
        assertEquals("store_busy", refused { create(failing { throw StoreException.Busy() }) }.code)
        val link = wallet(memoryStore()).createInvitation(InvitationRequest()).shareUrl
        assertEquals("store_busy", refused { failing { throw StoreException.Busy() }.acceptInvitation(link, CONFIRMED) }.code)
        val odd = refused { create(failing { throw IllegalStateException("/data/user/0/secret") }) }
        assertEquals(
            "the store failed: the app's store failed: java.lang.IllegalStateException",
            odd.message,
        )
        assertEquals(1, relay.mailboxes, "nothing was asked of the relay before it was stored")
    }

    @Test
    fun `a transport that throws what it should not is a relay that can't be reached`() = story {
        val odd = wallet(memoryStore(), transport { error("https://relay.example/secret") })
        val error = refused { odd.createInvitation(InvitationRequest()) }
        assertEquals("relay_unreachable", error.code)
        assertFalse("secret" in "$error ${error.message}")
    }

    @Test
    fun `what a transport or a store throws that is no exception ends its call, too`() = story {
        val begun = CompletableDeferred<Unit>()
        val broken = wallet(
            memoryStore(),
            transport {
                begun.complete(Unit)
                throw OutOfMemoryError("https://relay.example/secret")
            },
        )
        val error = refused { broken.createInvitation(InvitationRequest()) }
        begun.await()
        assertEquals("relay_unreachable", error.code)
        assertTrue("java.lang.OutOfMemoryError" in error.message && "secret" !in "$error")
        val store = object : MapStore() {
            override fun list(): List<String> = throw NotImplementedError("not there yet: /data/user/0/secret")
        }
        assertEquals("the store failed: the app's store failed: kotlin.NotImplementedError", refused { wallet(store).transfers() }.message)
    }

    @Test
    fun `the log comes to a sink, and one that throws harms nothing`() = story {
        val records = CopyOnWriteArrayList<LogRecord>()
        val sink = object : LogSink {
            override fun log(record: LogRecord) {
                records += record
                error("a bad sink")
            }
        }
        setLogSink(sink, LogLevel.WARN)
        val store = MapStore()
        store.save("2e9b8aa5-8e4f-4f0e-b25c-2c3d56a8b7a1", null, "no record".encodeToByteArray())
        assertTrue(wallet(store).transfers().isEmpty())
        assertEquals(LogLevel.WARN, records.single().level)
        assertTrue("a transfer can't be read" in records.single().text)
    }

    @Test
    fun `a relay that answers garbage at once, and an app that loops, make no storm of requests`() = story {
        val relay = InMemoryRelay()
        var turned = false
        val count = AtomicInteger()
        val moody = transport {
            if (turned) {
                HttpResponse(200, emptyList(), "garbage ${count.incrementAndGet()}".encodeToByteArray())
            } else {
                relay.transport.send(it)
            }
        }
        val client = TransferClient(Config(relay.origin), memoryStore(), moody)
        val id = client.createInvitation(InvitationRequest()).transfer
        turned = true
        val started = System.nanoTime()
        while (System.nanoTime() - started < 3_000_000_000) {
            runCatching { client.poll(id) }
            runCatching { client.sync(1.seconds) }
        }
        // 30 in a minute: 12 at once, then one in 3.5 seconds.
        assertTrue(count.get() in 1..13, "${count.get()} requests in three seconds")
    }

    @Test
    fun `a transport that never answers holds no call past its time`() = story {
        val relay = InMemoryRelay()
        var turned = false
        val silent = transport { if (turned) awaitCancellation() else relay.transport.send(it) }
        val client = TransferClient(Config(relay.origin), memoryStore(), silent)
        val id = client.createInvitation(InvitationRequest()).transfer
        turned = true
        val started = System.nanoTime()
        runCatching { client.poll(id, 100.milliseconds) }
        assertTrue(System.nanoTime() - started < 2_000_000_000)
    }

    @Test
    fun `an app that wraps the built-in transport gets its own failures back`() = story {
        val wrapped = builtInTransport(Config())
        val counting = AtomicInteger()
        val client = TransferClient(
            Config("http://127.0.0.1:1", allowLoopbackHttp = true, giveUpAfter = Duration.ZERO),
            memoryStore(),
            transport {
                counting.incrementAndGet()
                wrapped.send(it)
            },
        )
        val error = refused { client.createInvitation(InvitationRequest()) }
        assertEquals(TransportFailure.UNREACHABLE, error.failure)
        assertEquals(1, counting.get())
    }
}
