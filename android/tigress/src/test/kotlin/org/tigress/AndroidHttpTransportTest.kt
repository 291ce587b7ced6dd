package org.tigress

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.net.CookieHandler
import java.net.CookieManager
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.Executors
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import org.tigress.support.androidTransport
import org.tigress.support.story

/** The platform's HTTP against a server that behaves as it likes. */
class AndroidHttpTransportTest {
    private var answer: (HttpExchange) -> Unit = {}
    private val requests = mutableListOf<String>()
    private val ports = mutableListOf<Int>()
    private val server =
        HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0).apply {
            createContext("/") { exchange ->
                requests += "${exchange.requestMethod} ${exchange.requestURI}"
                ports += exchange.remoteAddress.port
                // As a server should that was asked to close (RFC 9112 §9.6): this one closes without a word.
                exchange.responseHeaders.add("Connection", "close")
                exchange.use { answer(it) }
            }
            executor = Executors.newCachedThreadPool { Thread(it).apply { isDaemon = true } }
            start()
        }

    @AfterTest fun end() = server.stop(0)

    private fun HttpExchange.reply(status: Int, body: ByteArray = ByteArray(0)) {
        sendResponseHeaders(status, if (body.isEmpty()) -1 else body.size.toLong())
        if (body.isNotEmpty()) responseBody.write(body)
    }

    private inline fun HttpExchange.use(action: (HttpExchange) -> Unit) {
        try {
            action(this)
        } catch (_: java.io.IOException) {
            // The client has gone.
        } finally {
            close()
        }
    }

    private fun request(
        method: HttpMethod = HttpMethod.POST,
        body: ByteArray? = null,
        wait: Duration = Duration.ZERO,
    ) =
        HttpRequest(
            method,
            "http://127.0.0.1:${server.address.port}/v1/m/1",
            listOf(HttpHeader("mailbox-device-claim", "claim")),
            body,
            wait,
        )

    private suspend fun failure(transport: HttpTransport, request: HttpRequest): String =
        try {
            throw AssertionError("it succeeded: ${transport.send(request)}")
        } catch (error: TransportException) {
            error.toString()
        }

    @Test
    fun `every method, headers, bodies both ways, whatever the status`() = story {
        for (method in HttpMethod.entries) {
            val body = if (method == HttpMethod.PUT) "to the relay".encodeToByteArray() else null
            answer = { exchange ->
                assertEquals("claim", exchange.requestHeaders.getFirst("Mailbox-Device-Claim"))
                assertContentEquals(body ?: ByteArray(0), exchange.requestBody.readBytes())
                exchange.responseHeaders.add("Mailbox-Payload-Version", "7")
                exchange.reply(if (method == HttpMethod.GET) 404 else 200, "from the relay".encodeToByteArray())
            }
            val response = androidTransport().send(request(method, body))
            assertEquals(if (method == HttpMethod.GET) 404 else 200, response.status.toInt())
            assertContentEquals("from the relay".encodeToByteArray(), response.body)
            val version = response.headers.single { it.name.equals("mailbox-payload-version", ignoreCase = true) }
            assertEquals("7", version.value)
        }
        assertEquals(HttpMethod.entries.map { "${it.wireName()} /v1/m/1" }, requests)
    }

    @Test
    fun `redirects are given back, not followed`() = story {
        answer = {
            it.responseHeaders.add("Location", "/elsewhere")
            it.reply(302)
        }
        assertEquals(302, androidTransport().send(request(HttpMethod.GET)).status.toInt())
        assertEquals(1, requests.size)
    }

    @Test
    fun `no cookie is kept, and a process that keeps them is told`() = story {
        val cookies = mutableListOf<String?>()
        answer = {
            cookies += it.requestHeaders.getFirst("Cookie")
            it.responseHeaders.add("Set-Cookie", "track=1")
            it.reply(200)
        }
        repeat(2) { androidTransport().send(request()) }
        assertEquals(listOf(null, null), cookies.toList())
        CookieHandler.setDefault(CookieManager())
        try {
            assertEquals("a process-wide CookieHandler is set", failure(androidTransport(), request()))
        } finally {
            CookieHandler.setDefault(null)
        }
    }

    @Test
    fun `an answer over a mebibyte is not taken`() = story {
        answer = { it.reply(200, ByteArray(1024 * 1024)) }
        assertEquals(1024 * 1024, androidTransport().send(request()).body.size)
        answer = { it.reply(200, ByteArray(1024 * 1024 + 1)) }
        assertEquals("the answer is too large", failure(androidTransport(), request()))
    }

    @Test
    fun `a wait may last longer than the time-out, an answer may not`() = story {
        answer = {
            Thread.sleep(1500)
            it.reply(200)
        }
        val transport = androidTransport(answer = 1)
        assertEquals("timed out", failure(transport, request()))
        assertEquals(200, transport.send(request(wait = 60.seconds)).status.toInt())
    }

    @Test
    fun `an answer that comes in drips ends at its time, too`() = story {
        answer = { exchange ->
            exchange.sendResponseHeaders(200, 0)
            while (true) {
                exchange.responseBody.write(0)
                exchange.responseBody.flush()
                Thread.sleep(10)
            }
        }
        val transport = androidTransport(answer = 1)
        // More of them than there are threads.
        val started = System.nanoTime()
        val failures = List(20) { async { failure(transport, request()) } }.awaitAll()
        assertEquals(setOf("timed out"), failures.toSet())
        assertTrue(System.nanoTime() - started < 4_000_000_000)
        answer = { it.reply(200) }
        assertEquals(200, transport.send(request()).status.toInt(), "the threads are free again")
    }

    @Test
    fun `two transfers share no connection`() = story {
        answer = { it.reply(200) }
        repeat(3) {
            for (isolation in listOf("one", "other")) androidTransport().send(request().copy(isolation = isolation))
        }
        val (ones, others) = ports.withIndex().partition { it.index % 2 == 0 }
        assertTrue(ones.map { it.value }.intersect(others.map { it.value }.toSet()).isEmpty(), "$ports")
    }

    @Test
    fun `nobody there`() = story {
        server.stop(0)
        assertEquals("can't connect", failure(androidTransport(), request()))
    }

    @Test
    fun `a cancelled wait ends at once`() = story {
        val arrived = CompletableDeferred<Unit>()
        val gone = CompletableDeferred<Unit>()
        answer = { exchange ->
            arrived.complete(Unit)
            exchange.sendResponseHeaders(200, 0)
            try {
                while (true) {
                    exchange.responseBody.write(0)
                    exchange.responseBody.flush()
                    Thread.sleep(10)
                }
            } catch (_: java.io.IOException) {
                gone.complete(Unit)
            }
        }
        val call = launch { androidTransport().send(request(wait = 60.seconds)) }
        arrived.await()
        call.cancelAndJoin()
        gone.await()
    }
}
