package org.tigress

import kotlin.time.Duration

/**
 * Why a call failed. [code] is stable and is what apps look at; what each means for an app is listed in the project's
 * `docs/errors.md`. Some bring what an app needs to deal with them. No field holds a secret, a URL or a payload.
 *
 * @property code The stable code, such as `relay_unreachable`.
 * @property isRetryable Whether the same call may succeed later, unchanged.
 * @property message In English and meant for developers: an app shows its own words.
 * @property what `bad_invitation`: a stable word for what is wrong with it, such as `secret_missing`.
 * @property host `untrusted_relay`: its host. An app may ask its user, then accept again with [AcceptOptions.trust].
 * @property failure `relay_unreachable`, `untrusted_certificate`: what kind of failure it was.
 * @property status `relay_refused`: the HTTP status; none if the answer itself was not understood.
 * @property retryAfter The client asks its relay for nothing more in this time, whoever calls.
 * @property outcome `closed`: how the transfer ended.
 * @property triesLeft `wrong_pin`: tries left on this side.
 * @property majorStatus `security`: the major status, with RFC 2744's numbers.
 * @property minorStatus `security`: the minor status, of this protocol.
 */
public class TigressException
internal constructor(
    public val code: String,
    public val isRetryable: Boolean,
    override val message: String,
    public val what: String?,
    public val host: String?,
    public val failure: TransportFailure?,
    public val status: Int?,
    public val retryAfter: Duration?,
    public val outcome: Outcome?,
    public val triesLeft: Int?,
    public val majorStatus: Long?,
    public val minorStatus: Long?,
    cause: Throwable?,
) : Exception(message, cause) {
    /** An error without more; for apps' own tests. */
    @JvmOverloads
    public constructor(
        code: String,
        isRetryable: Boolean = false,
        message: String = code,
    ) : this(code, isRetryable, message, null, null, null, null, null, null, null, null, null, null)

    override fun toString(): String = "TigressException($code: $message)"
}
