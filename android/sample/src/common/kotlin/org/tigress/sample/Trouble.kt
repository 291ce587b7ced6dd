package org.tigress.sample

import org.tigress.EndReason
import org.tigress.Outcome
import org.tigress.TigressException

/** Why it did not work, as far as a user can do something about it. */
enum class Failure {
    /** The link was cut, or is none: ask for the whole link. */
    BAD_INVITATION,

    /** Too late, or used: ask for a new one. */
    OVER,

    /** Somebody else was faster, and may have seen the link. */
    CLAIMED_BY_ANOTHER,

    /** It is this phone's own invitation. */
    OWN_INVITATION,

    /** The wallet does not know its relay: the user decides. */
    UNTRUSTED_RELAY,

    /** The PIN was wrong too often. */
    WRONG_PIN,

    /** The receiver did not want it. */
    DECLINED,

    /** The sender took it back. */
    TAKEN_BACK,

    /** It has ended, and nobody knows whether the other side was told. */
    UNCONFIRMED,

    /** This phone's user did not agree that it leaves. */
    NOT_APPROVED,

    /** There is no network. */
    UNREACHABLE,

    /** The credential came, and could not be written down. */
    NOT_KEPT,

    /** Something else that may pass. */
    LATER,

    /** Anything else. */
    OTHER,
}

/**
 * A failure.
 *
 * @property detail Of [Failure.UNTRUSTED_RELAY] the host; else a code for support.
 */
data class Trouble(val failure: Failure, val detail: String = "") {
    /** Whether the same may work in a moment. */
    val mayPass: Boolean get() = failure in listOf(Failure.UNREACHABLE, Failure.NOT_KEPT, Failure.LATER)

    companion object {
        fun of(error: TigressException): Trouble {
            val failure =
                when (error.code) {
                    "bad_invitation" -> Failure.BAD_INVITATION
                    "expired", "already_used", "no_longer_there" -> Failure.OVER
                    "claimed_by_another" -> Failure.CLAIMED_BY_ANOTHER
                    "own_invitation" -> Failure.OWN_INVITATION
                    "untrusted_relay" -> return Trouble(Failure.UNTRUSTED_RELAY, error.host.orEmpty())
                    "wrong_pin" -> Failure.WRONG_PIN
                    "not_approved" -> Failure.NOT_APPROVED
                    "relay_unreachable" -> Failure.UNREACHABLE
                    else -> error.outcome?.let { return of(it) } ?: if (error.isRetryable) Failure.LATER else Failure.OTHER
                }
            return Trouble(failure, error.code)
        }

        /** How it ended, where that is not as it should be. */
        fun of(outcome: Outcome): Trouble =
            when (outcome) {
                Outcome.Declined -> Trouble(Failure.DECLINED)
                Outcome.Cancelled -> Trouble(Failure.TAKEN_BACK)
                Outcome.Expired -> Trouble(Failure.OVER, "expired")
                Outcome.Completed, Outcome.Unconfirmed -> Trouble(Failure.UNCONFIRMED)
                is Outcome.Unproven -> of("unproven", outcome.reason)
                is Outcome.Failed -> of("failed", outcome.reason)
            }

        private fun of(how: String, reason: EndReason): Trouble =
            if (reason == EndReason.PIN_TRIES_USED_UP) {
                Trouble(Failure.WRONG_PIN)
            } else {
                Trouble(Failure.OTHER, "${how}_${reason.name.lowercase()}")
            }
    }
}
