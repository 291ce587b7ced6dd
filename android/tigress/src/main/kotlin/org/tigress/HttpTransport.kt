package org.tigress

import kotlin.time.Duration
import kotlinx.coroutines.CancellationException
import org.tigress.bridge.LibraryTransport
import org.tigress.bridge.generated
import org.tigress.bridge.translating
import org.tigress.generated.builtInTransport as generatedBuiltIn

/**
 * Sends HTTP requests for a [TransferClient], one request and one response at a time.
 *
 * Apps rarely need their own: [AndroidHttpTransport] is made for phones. An implementation
 * - follows no redirects, keeps no cookies and no cache, and checks TLS certificates,
 * - takes at most 1 MiB of body ([HttpResponse.MAX_BODY]),
 * - gives a request its usual time-out and [HttpRequest.wait] on top (the client gives it up by itself after that time),
 * - lets requests of different [HttpRequest.isolation] share no connection,
 * - lets no waiting request delay another one,
 * - ends the request when the coroutine is cancelled.
 */
public interface HttpTransport {
    /**
     * Sends the request and gives the response, whatever its status.
     *
     * Fails with [TransportException] when there was no response, or it was not read whole. Whatever else is thrown, an [Error]
     * too, counts as [TransportFailure.OTHER], and of it only the type is told: its text is the app's, and may hold anything.
     */
    @Throws(TransportException::class, CancellationException::class)
    public suspend fun send(request: HttpRequest): HttpResponse
}

/** The methods that are used. */
public enum class HttpMethod {
    /** GET */
    GET,

    /** POST */
    POST,

    /** PUT */
    PUT,

    /** PATCH */
    PATCH,

    /** DELETE */
    DELETE,
}

/**
 * One header field. Printed, it shows its name alone: claims and proofs are values.
 *
 * @property name Its name; in requests in lower case. Names are compared without case.
 * @property value Its value.
 */
public data class HttpHeader(val name: String, val value: String) {
    override fun toString(): String = name
}

/**
 * One HTTP request. Printed, it shows its method alone: the URL names a mailbox.
 *
 * @property method The method.
 * @property url Where it goes; never has a fragment.
 * @property headers Header fields.
 * @property body The body, if there is one.
 * @property wait How long the relay may hold the response. The time-out comes on top.
 * @property isolation Opaque, and one for each transfer: requests with different keys must share no connection and no TLS session,
 *   or else the relay knows them to be of one device. Never sent.
 */
public data class HttpRequest(
    val method: HttpMethod,
    val url: String,
    val headers: List<HttpHeader> = emptyList(),
    val body: ByteArray? = null,
    val wait: Duration = Duration.ZERO,
    val isolation: String = "",
) {
    override fun equals(other: Any?): Boolean =
        other is HttpRequest &&
            method == other.method && url == other.url && headers == other.headers &&
            body.contentEquals(other.body) && wait == other.wait && isolation == other.isolation

    override fun hashCode(): Int = 31 * url.hashCode() + body.contentHashCode()

    override fun toString(): String = "HttpRequest($method)"
}

/**
 * One HTTP response. Printed, it shows its status alone.
 *
 * @property status The status, such as 200.
 * @property headers Header fields.
 * @property body The body, possibly empty.
 */
public data class HttpResponse
@JvmOverloads
constructor(
    val status: Int,
    val headers: List<HttpHeader> = emptyList(),
    val body: ByteArray = ByteArray(0),
) {
    override fun equals(other: Any?): Boolean =
        other is HttpResponse && status == other.status && headers == other.headers && body.contentEquals(other.body)

    override fun hashCode(): Int = 31 * status + body.contentHashCode()

    override fun toString(): String = "HttpResponse($status)"

    /** Its limit. */
    public companion object {
        /** Most bytes of a response's body. */
        public const val MAX_BODY: Int = 1024 * 1024
    }
}

/** Why no response came. */
public enum class TransportFailure {
    /** Nothing listens there, the name is unknown, there is no route or no network. */
    UNREACHABLE,

    /** Nothing came in time. */
    TIMED_OUT,

    /** The relay's certificate is expired, for another name, or from an authority that this device does not trust. */
    UNTRUSTED,

    /** The connection ended before the response did. */
    CUT_OFF,

    /** The response has more than 1 MiB. */
    TOO_LARGE,

    /** Anything else. */
    OTHER,
}

/**
 * No response came.
 *
 * @property kind What kind of failure it was: one that is untrusted is not tried again.
 * @property message The same in words, for developers; holds no URL.
 */
public class TransportException(public val kind: TransportFailure, override val message: String) : Exception(message)

/**
 * The library's own HTTP client, with the system's trust, for servers and tests: no thread is held by a waiting request.
 *
 * Fails with `no_transport` where it is left out, as in the AAR for phones, which have [AndroidHttpTransport].
 */
@Throws(TigressException::class)
public fun builtInTransport(config: Config): HttpTransport = translating { LibraryTransport(generatedBuiltIn(config.generated())) }
