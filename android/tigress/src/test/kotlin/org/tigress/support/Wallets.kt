package org.tigress.support

import java.net.HttpURLConnection
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.tigress.AcceptOptions
import org.tigress.AndroidHttpTransport
import org.tigress.Config
import org.tigress.Credential
import org.tigress.HttpRequest
import org.tigress.HttpResponse
import org.tigress.HttpTransport
import org.tigress.TerminateReason
import org.tigress.TigressException
import org.tigress.TransferClient
import org.tigress.TransferEvent
import org.tigress.TransferId
import org.tigress.TransferStore
import org.tigress.memoryStore

/** Runs a test that must end within a minute. */
fun story(test: suspend CoroutineScope.() -> Unit): Unit = runBlocking { withTimeout(60.seconds, test) }

/** The credential that is handed over. */
val KEY = Credential("org.example.key", "the one and only key".encodeToByteArray(), "text/plain")

/** The user was asked before. */
val CONFIRMED = AcceptOptions(confirmed = true)

/** Settings for a relay on this machine. */
fun config(origin: String) =
    Config(relay = origin, allowLoopbackHttp = true, giveUpAfter = 2.seconds, requestTimeout = 5.seconds)

/** The Android transport where there is no Android: Java's own HttpURLConnection refuses the method PATCH. */
fun androidTransport(connect: Int = 5, answer: Int = 5) =
    AndroidHttpTransport(connect.seconds, answer.seconds) { connection, method ->
        if (method != "PATCH") {
            connection.requestMethod = method
        } else {
            val field = HttpURLConnection::class.java.getDeclaredField("method")
            field.isAccessible = true
            field.set(connection, method)
        }
    }

/** A wallet over [origin]. */
fun wallet(
    origin: String,
    store: TransferStore = memoryStore(),
    transport: HttpTransport? = androidTransport(),
) = TransferClient(config(origin), store, transport)

/** Collects a receiver's events to the end; it is done when it has [count] credentials. */
suspend fun TransferClient.receive(id: TransferId, count: Int = 1): List<TransferEvent> {
    var received = 0
    return events(id)
        .onEach {
            if (it is TransferEvent.CredentialReceived && ++received == count) terminate(id, TerminateReason.DONE)
        }
        .toList()
}

/** The credentials among these events. */
fun List<TransferEvent>.credentials(): List<Credential> =
    filterIsInstance<TransferEvent.CredentialReceived>().map { it.credential }

/** The error of a call that must fail. */
suspend fun refused(call: suspend () -> Any?): TigressException =
    try {
        throw AssertionError("it succeeded: ${call()}")
    } catch (error: TigressException) {
        error
    }

/** Passes everything on, and remembers it. */
class Recorder(private val inner: HttpTransport) : HttpTransport {
    val requests = CopyOnWriteArrayList<HttpRequest>()

    override suspend fun send(request: HttpRequest): HttpResponse {
        requests += request
        return inner.send(request)
    }
}

/** A transport that is a function. */
fun transport(answer: suspend (HttpRequest) -> HttpResponse) =
    object : HttpTransport {
        override suspend fun send(request: HttpRequest) = answer(request)
    }
