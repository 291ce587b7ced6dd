package org.tigress

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.ConnectException
import java.net.CookieHandler
import java.net.HttpURLConnection
import java.net.NoRouteToHostException
import java.net.SocketTimeoutException
import java.net.URL
import java.net.UnknownHostException
import java.security.cert.CertificateException
import java.util.concurrent.Executor
import java.util.concurrent.Future
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.ScheduledThreadPoolExecutor
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLException
import javax.net.ssl.SSLPeerUnverifiedException
import javax.net.ssl.SSLSocketFactory
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.time.Duration
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.suspendCancellableCoroutine

/**
 * The platform's HTTP: its TLS, trust, proxies and the app's network security configuration. Follows no redirects, keeps no
 * cookies and no cache.
 *
 * A waiting read holds one of up to 64 threads of its own, a write that waits for its answer one of 64 others: so waits never
 * delay a write. More than that of one kind take turns.
 * A request is over when its time is, however slowly its answer comes. Requests of different transfers share no connection and
 * no TLS session.
 * An app with a process-wide `CookieHandler` must bring another transport: with one, relays could link this device's transfers,
 * so every request fails.
 */
public class AndroidHttpTransport
internal constructor(
    private val connectTimeout: Duration,
    private val requestTimeout: Duration,
    private val setMethod: (HttpURLConnection, String) -> Unit,
) : HttpTransport {
    /** One with the time-outs of [config]. */
    @JvmOverloads
    public constructor(
        config: Config = Config(),
    ) : this(
        config.connectTimeout,
        config.requestTimeout,
        { connection, method -> connection.requestMethod = method },
    )

    @Throws(TransportException::class)
    override suspend fun send(request: HttpRequest): HttpResponse =
        suspendCancellableCoroutine { continuation ->
            val exchange = Exchange(request, continuation)
            continuation.invokeOnCancellation { exchange.stop() }
            // The platform's time-outs are for each read: a relay that sends a byte now and then would keep a thread for ever.
            val time = requestTimeout + request.wait
            exchange.deadline = DEADLINES.schedule(exchange::expire, time.inWholeMilliseconds, TimeUnit.MILLISECONDS)
            val threads = when {
                !request.wait.isPositive() -> WRITES
                request.method == HttpMethod.PUT -> HELD_WRITES
                else -> WAITS
            }
            try {
                threads.execute(exchange)
            } catch (_: RejectedExecutionException) {
                exchange.fail(failed("no thread"))
            }
        }

    /** One request on a thread of its own. */
    private inner class Exchange(
        private val request: HttpRequest,
        private val continuation: CancellableContinuation<HttpResponse>,
    ) : Runnable {
        @Volatile private var connection: HttpURLConnection? = null

        @Volatile var deadline: Future<*>? = null
        private val over = AtomicBoolean()

        override fun run() {
            if (!continuation.isActive) return
            try {
                val response = exchange()
                if (ends()) continuation.resume(response)
            } catch (error: TransportException) {
                fail(error)
            } catch (error: IOException) {
                fail(failure(error))
            } catch (_: SecurityException) {
                fail(failed("the app has no permission to use the network"))
            } catch (_: RuntimeException) {
                // What platforms throw for an odd URL or answer.
                fail(failed("the request failed"))
            }
        }

        /** True for the first end only. */
        private fun ends(): Boolean = over.compareAndSet(false, true).also { if (it) deadline?.cancel(false) }

        fun fail(error: TransportException) {
            if (ends()) continuation.resumeWithException(error)
        }

        fun expire() {
            fail(failed("timed out", TransportFailure.TIMED_OUT))
            stop()
        }

        /** Closing the connection may itself wait for the network, which no caller of `cancel` expects. */
        fun stop() {
            deadline?.cancel(false)
            connection?.let { CLOSINGS.execute { it.disconnect() } }
        }

        private fun exchange(): HttpResponse {
            if (CookieHandler.getDefault() != null) throw failed("a process-wide CookieHandler is set")
            val connection = URL(request.url).openConnection() as HttpURLConnection
            prepare(connection)
            this.connection = connection
            if (!continuation.isActive) throw failed("cancelled")
            request.body?.let { body -> connection.outputStream.use { it.write(body) } }
            val status = connection.responseCode
            if (status < 0) throw failed("the answer is not HTTP")
            val stream: InputStream? = if (status < 400) connection.inputStream else connection.errorStream
            return HttpResponse(status, headers(connection), stream?.use(::readAll) ?: ByteArray(0))
        }

        private fun prepare(connection: HttpURLConnection) {
            if (connection is HttpsURLConnection) {
                // The platform keeps connections and sessions by their factory.
                connection.sslSocketFactory = factory(request.isolation)
            } else {
                connection.setRequestProperty("Connection", "close")
            }
            connection.instanceFollowRedirects = false
            connection.useCaches = false
            connection.connectTimeout = milliseconds(connectTimeout)
            connection.readTimeout = milliseconds(requestTimeout + request.wait)
            setMethod(connection, request.method.name)
            request.headers.forEach { connection.setRequestProperty(it.name, it.value) }
            request.body?.let {
                connection.doOutput = true
                connection.setFixedLengthStreamingMode(it.size)
            }
        }
    }

    private companion object {
        val WAITS = threads("tigress-wait", 64)
        val HELD_WRITES = threads("tigress-held", 64)
        val WRITES = threads("tigress-http", 16)
        val CLOSINGS = threads("tigress-close", 2)
        val DEADLINES =
            ScheduledThreadPoolExecutor(1) { action -> Thread(action, "tigress-deadline").apply { isDaemon = true } }
                .apply { removeOnCancelPolicy = true }

        /** The transfers that were heard of last, and what opens their connections. */
        private val FACTORIES =
            object : LinkedHashMap<String, SSLSocketFactory>(16, 0.75f, true) {
                override fun removeEldestEntry(eldest: Map.Entry<String, SSLSocketFactory>) = size > 64
            }

        /** With the platform's own trust, and sessions that no other transfer has. */
        fun factory(isolation: String): SSLSocketFactory =
            synchronized(FACTORIES) {
                FACTORIES.getOrPut(isolation) {
                    SSLContext.getInstance("TLS").apply { init(null, null, null) }.socketFactory
                }
            }

        /** Up to [count] threads, which end when there is nothing to do. */
        fun threads(name: String, count: Int): Executor =
            ThreadPoolExecutor(count, count, 10, TimeUnit.SECONDS, LinkedBlockingQueue()) { action ->
                Thread(action, name).apply { isDaemon = true }
            }
                .apply { allowCoreThreadTimeOut(true) }

        /** At least 1, as 0 means no limit. */
        fun milliseconds(time: Duration): Int = time.inWholeMilliseconds.coerceIn(1, Int.MAX_VALUE.toLong()).toInt()

        fun headers(connection: HttpURLConnection): List<HttpHeader> =
            connection.headerFields.flatMap { (name, values) ->
                // The status line has no name.
                if (name == null) emptyList() else values.filterNotNull().map { HttpHeader(name, it) }
            }

        fun readAll(stream: InputStream): ByteArray {
            val all = ByteArrayOutputStream()
            val part = ByteArray(8192)
            while (true) {
                val count = stream.read(part)
                if (count < 0) return all.toByteArray()
                if (all.size() + count > HttpResponse.MAX_BODY) throw failed("the answer is too large", TransportFailure.TOO_LARGE)
                all.write(part, 0, count)
            }
        }

        /** The kind of failure only: the platform's texts name hosts. */
        fun failure(error: IOException): TransportException =
            when (error) {
                is SocketTimeoutException -> failed("timed out", TransportFailure.TIMED_OUT)
                is ConnectException,
                is NoRouteToHostException,
                is UnknownHostException,
                -> failed("can't connect", TransportFailure.UNREACHABLE)
                is SSLException ->
                    if (isUntrusted(error)) {
                        failed("the relay's certificate is not to be trusted", TransportFailure.UNTRUSTED)
                    } else {
                        failed("no secure connection")
                    }
                // Once connected, whatever ends an exchange has cut it off.
                else -> failed("the answer was cut off", TransportFailure.CUT_OFF)
            }

        private fun isUntrusted(error: SSLException): Boolean =
            generateSequence<Throwable>(error) { it.cause }
                .take(8)
                .any { it is CertificateException || it is SSLPeerUnverifiedException }

        fun failed(reason: String, kind: TransportFailure = TransportFailure.OTHER) = TransportException(kind, reason)
    }
}
