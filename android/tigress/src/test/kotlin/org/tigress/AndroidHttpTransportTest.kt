package org.tigress

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.io.IOException
import java.io.InputStream
import java.net.CookieHandler
import java.net.CookieManager
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.net.Socket
import java.net.SocketTimeoutException
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import kotlin.concurrent.thread
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
        } catch (_: IOException) {
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
            error.message
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
            assertEquals(if (method == HttpMethod.GET) 404 else 200, response.status)
            assertContentEquals("from the relay".encodeToByteArray(), response.body)
            val version = response.headers.single { it.name.equals("mailbox-payload-version", ignoreCase = true) }
            assertEquals("7", version.value)
        }
        assertEquals(HttpMethod.entries.map { "${it.name} /v1/m/1" }, requests)
    }

    @Test
    fun `redirects are given back, not followed`() = story {
        answer = {
            it.responseHeaders.add("Location", "/elsewhere")
            it.reply(302)
        }
        assertEquals(302, androidTransport().send(request(HttpMethod.GET)).status)
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
        val arrived = CompletableDeferred<Unit>()
        val timedOut = CountDownLatch(1)
        answer = {
            arrived.complete(Unit)
            timedOut.await()
            it.reply(200)
        }
        val transport = androidTransport(answer = 1)
        val waiting = async { transport.send(request(wait = 60.seconds)) }
        arrived.await()
        // It begins after the one that waits, and that still waits when its time is over.
        assertEquals("timed out", failure(transport, request()))
        timedOut.countDown()
        assertEquals(200, waiting.await().status)
    }

    @Test
    fun `an answer that comes in drips ends at its time, too`() = story {
        val transport = androidTransport(answer = 1)
        Dripping().use { dripping ->
            // More of them than there are threads.
            val started = System.nanoTime()
            val failures = List(20) { async { failure(transport, request().copy(url = dripping.url)) } }.awaitAll()
            assertEquals(setOf("timed out"), failures.toSet())
            assertTrue(System.nanoTime() - started < 4_000_000_000)
        }
        answer = { it.reply(200) }
        assertEquals(200, transport.send(request()).status, "the threads are free again")
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
        Dripping().use { dripping ->
            val call = launch { androidTransport().send(request(wait = 60.seconds).copy(url = dripping.url)) }
            dripping.arrived.await()
            call.cancelAndJoin()
            dripping.gone.await()
        }
    }
}

/** Answers with a body that comes byte by byte and never ends, and tells when a client has come and when one has gone. */
private class Dripping : AutoCloseable {
    private val listener = ServerSocket(0, 50, InetAddress.getLoopbackAddress())
    val url = "http://127.0.0.1:${listener.localPort}/v1/m/1"
    val arrived = CompletableDeferred<Unit>()
    val gone = CompletableDeferred<Unit>()

    init {
        thread(isDaemon = true) {
            try {
                while (true) {
                    val client = listener.accept()
                    thread(isDaemon = true) { client.use(::answer) }
                }
            } catch (_: IOException) {
                // Closed.
            }
        }
    }

    override fun close() = listener.close()

    private fun answer(client: Socket) {
        val (input, output) = client.getInputStream() to client.getOutputStream()
        try {
            var head = ""
            while (!head.endsWith("\r\n\r\n")) head += input.read().takeIf { it >= 0 }?.toChar() ?: return
            output.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".encodeToByteArray())
            arrived.complete(Unit)
            // It looks whether the client has gone, and each time that it has not, another byte comes.
            client.soTimeout = 10
            while (!hasGone(input)) output.write(0)
        } catch (_: IOException) {
            // Gone without a word.
        }
        gone.complete(Unit)
    }

    private fun hasGone(input: InputStream) =
        try {
            input.read() < 0
        } catch (_: SocketTimeoutException) {
            false
        }
}
