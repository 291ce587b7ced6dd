package org.tigress.sample

import java.time.Instant
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.FormatStyle
import java.util.Locale
import org.tigress.TransferRole
import org.tigress.TransferState
import org.tigress.TransferSummary

/** All that the wallet says. */
object Words {
    const val APP = "Sample Wallet"

    fun heading(screen: Screen): String =
        when (screen) {
            is Screen.List -> APP
            is Screen.Offer -> "You are offered"
            is Screen.Pin -> "Type the PIN"
            is Screen.Working -> "One moment…"
            is Screen.Done -> if (screen.item.role == TransferRole.SENDER) "It has arrived" else "It is in your wallet"
            is Screen.Failed -> if (screen.trouble.failure == Failure.UNTRUSTED_RELAY) "Do you expect this?" else "It did not work"
            is Screen.Send -> "Give something"
            is Screen.Share -> "Ready to be sent"
            Screen.Scan -> "Open an invitation"
        }

    fun title(item: Item): String = item.title.ifEmpty { "A credential" }

    /** What comes, and what its sender lets one do with it. */
    fun terms(offer: Offer): String {
        val may = if (offer.mayBePassedOn) "You may pass it on" else "It is for you alone"
        return if (offer.format.isEmpty()) "$may." else "$may. Its kind: ${offer.format}"
    }

    fun role(item: Item): String = if (item.role == TransferRole.SENDER) "Given" else "For you"

    fun stage(item: Item): String =
        when (item.stage) {
            Stage.INVITED -> "nobody has opened it yet"
            Stage.OFFERED -> "waits for your answer"
            Stage.PIN -> "waits for the PIN"
            Stage.UNDER_WAY -> "under way"
            Stage.DONE -> if (item.role == TransferRole.SENDER) "has arrived" else "in your wallet"
            Stage.FAILED -> if (item.trouble?.mayPass == true) "interrupted" else "did not work"
        }

    /** By which way, and until when. */
    fun way(item: Item, zone: ZoneId = ZoneId.systemDefault()): String {
        val until = item.expiresAt?.let { " · until ${time(it, zone)}" }
        return "by ${item.relay}${until.orEmpty()}"
    }

    fun trouble(trouble: Trouble): String =
        when (trouble.failure) {
            Failure.BAD_INVITATION -> "This is no whole invitation. Copy all of the link again, or ask for the file."
            Failure.OVER -> "The invitation is over: it has expired, or was used. Ask the sender for a new one."
            Failure.CLAIMED_BY_ANOTHER ->
                "Another device was faster, or the link was changed on the way. Copy the whole link again; if that is no help, " +
                    "tell the sender: somebody may have seen it."
            Failure.OWN_INVITATION -> "You made this invitation yourself: send it to somebody else."
            Failure.UNTRUSTED_RELAY ->
                "This invitation comes by way of ${trouble.detail}, which this wallet does not know. Go on only if you expected it."
            Failure.WRONG_PIN -> "The PIN was wrong too often, and the invitation has ended. Ask the sender for a new one."
            Failure.DECLINED -> "It was not wanted."
            Failure.TAKEN_BACK -> "The sender has taken it back."
            Failure.UNCONFIRMED -> "It has ended, and nobody has confirmed it. Ask the other one whether it is there."
            Failure.NOT_APPROVED -> "Nothing has left this phone: you did not agree."
            Failure.UNREACHABLE -> "There is no connection. Nothing is lost: try again when there is one."
            Failure.NOT_KEPT -> "The credential has come, and could not be written down. Is the phone full? The wallet tries again."
            Failure.LATER -> "It did not work just now (${trouble.detail}). Nothing is lost: try again in a moment."
            Failure.OTHER -> "It did not work (${trouble.detail}). Ask the sender to invite you again."
        }

    /** What keeps the button off; none when nothing was typed yet and for what can be sent. */
    fun pin(problem: PinEntry.Problem?): String =
        when (problem) {
            PinEntry.Problem.EMPTY -> "6 to 12 digits. The sender tells you them, not with the link."
            PinEntry.Problem.NOT_DIGITS -> "A PIN has digits only."
            PinEntry.Problem.TOO_SHORT -> "A PIN has 6 digits at least."
            PinEntry.Problem.TOO_LONG -> "A PIN has 12 digits at most."
            null -> "Ready to be sent."
        }

    fun wrongPin(triesLeft: Int): String = "That was not the PIN. Tries left: $triesLeft"

    /** The PIN digit by digit, as it is read out. */
    fun spoken(pin: String): String = pin.toList().joinToString(" ")

    fun approval(title: String, again: Boolean): String = if (again) "Show the invitation “$title” again" else "Share “$title”"

    /** What a notification says; the credential's name is not for a locked screen. */
    fun news(transfer: TransferSummary): String =
        when (transfer.state) {
            TransferState.PinRequired -> "A credential waits for its PIN"
            TransferState.Offered -> "A credential is offered to you"
            else -> if (transfer.role == TransferRole.SENDER) "What you gave has its end" else "What you were given has its end"
        }

    private fun time(at: Instant, zone: ZoneId): String =
        DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM, FormatStyle.SHORT).withLocale(Locale.ENGLISH).withZone(zone).format(at)
}
