package org.tigress

import java.time.Instant
import java.util.UUID

/**
 * Names one transfer on this device; never leaves it. From Java it is its text.
 *
 * @property value A UUID, lower case with hyphens.
 */
@JvmInline
public value class TransferId(public val value: String) {
    /** The id that this UUID is. */
    public constructor(uuid: UUID) : this(uuid.toString())

    override fun toString(): String = value
}

/** Which of the two this device is. */
public enum class TransferRole {
    /** Created the invitation. */
    SENDER,

    /** Accepted it. */
    RECEIVER,
}

/** Why one side ends a transfer. */
public enum class TerminateReason {
    /** All that was to be handed over has been. */
    DONE,

    /** The receiver does not want it. */
    DECLINED,

    /** Taken back. */
    CANCELLED,
}

/** How a transfer ended. */
public sealed interface Outcome {
    /** One side was done, the other has confirmed it, and everything that this side sent has arrived. */
    public data object Completed : Outcome

    /** The receiver declined. */
    public data object Declined : Outcome

    /** The sender took it back. */
    public data object Cancelled : Outcome

    /** The invitation's time was over before the two were established: nothing was handed over. */
    public data object Expired : Outcome

    /**
     * Nobody has confirmed the end, or it came with something of this side's undelivered: what [TransferSummary.delivered]
     * counts had arrived, of the rest nothing is known.
     */
    public data object Unconfirmed : Outcome

    /**
     * Whoever has the link, PIN or not, may have ended it: the other side had not proven yet that it knows the PIN. Nothing was
     * handed over.
     *
     * @property reason What was claimed.
     * @property code The same as the protocol's number.
     */
    public data class Unproven(val reason: EndReason, val code: Long) : Outcome

    /**
     * Ended by an error.
     *
     * @property reason Which.
     * @property code The same as the protocol's number.
     */
    public data class Failed(val reason: EndReason, val code: Long) : Outcome
}

/** Why a transfer ended otherwise than by both sides' will. */
public enum class EndReason {
    /** The receiver does not want it. */
    DECLINED,

    /** Taken back. */
    CANCELLED,

    /** Nobody has typed the right PIN. */
    PIN_TRIES_USED_UP,

    /** One side could not read what the other wrote. */
    UNDECODABLE,

    /** One side has lost what it knew, such as by a backup that was restored. */
    STATE_LOST,

    /** Something was larger than the protocol allows. */
    TOO_LARGE,

    /** A fault of one side's. */
    INTERNAL,

    /** A number that this version has no name for. */
    OTHER,
}

/** Where a transfer stands. Later versions may add some: have an `else`. */
public sealed interface TransferState {
    /** Sender: nobody has answered yet. */
    public data object Invited : TransferState

    /**
     * Receiver: read and found good. Nothing is answered before its user has agreed: [TransferClient.confirm] or
     * [TransferClient.decline].
     */
    public data object Offered : TransferState

    /** The two are making the security context. */
    public data object Establishing : TransferState

    /** Receiver: the user must type the PIN. */
    public data object PinRequired : TransferState

    /** Messages may go both ways. */
    public data object Established : TransferState

    /** One side has ended it, the other's confirmation is awaited. */
    public data object Closing : TransferState

    /**
     * Over.
     *
     * @property outcome How it ended.
     */
    public data class Closed(val outcome: Outcome) : TransferState
}

/** What happened in a transfer. Later versions may add some: have an `else`. */
public sealed interface TransferEvent {
    /** Sender: a device with the shared secret has answered; the invitation is used up. */
    public data object Accepted : TransferEvent

    /** Receiver: the PIN is needed; [TransferClient.providePin] gives it. */
    public data object PinRequired : TransferEvent

    /**
     * A wrong PIN.
     *
     * @property triesLeft On this side.
     */
    public data class PinRejected(val triesLeft: Int) : TransferEvent

    /** The security context is complete. */
    public data object Established : TransferEvent

    /**
     * A message of the other side.
     *
     * @property credential What it said.
     * @property index Its number among the other side's messages, from 0.
     */
    public data class CredentialReceived(val credential: Credential, val index: Long) : TransferEvent

    /**
     * The other side has stored a message of this side.
     *
     * @property index Its number among this side's messages, from 0.
     */
    public data class CredentialDelivered(val index: Long) : TransferEvent

    /** Something in the mailbox was not from the other side; it changed nothing. */
    public data object RejectedToken : TransferEvent

    /**
     * The transfer is over. No event comes after this one.
     *
     * @property outcome How it ended.
     */
    public data class Closed(val outcome: Outcome) : TransferEvent

    /** An event that this version has no name for: pass over it. */
    public data object Unknown : TransferEvent
}

/** How far an app has dealt with a transfer's events; for [TransferClient.poll]. */
@JvmInline
public value class Cursor internal constructor(internal val number: ULong) {
    /** Where to begin. */
    public companion object {
        /** Before the first event. */
        public val START: Cursor = Cursor(0u)
    }
}

/**
 * What [TransferClient.poll] gives.
 *
 * @property state Where the transfer stands.
 * @property events The events after the given cursor, oldest first.
 * @property cursor To be given to the next poll, once the events have been dealt with: that acknowledges them.
 */
public data class TransferUpdate(val state: TransferState, val events: List<TransferEvent>, val cursor: Cursor)

/**
 * A transfer in a list: what an app shows its user.
 *
 * @property id Its id.
 * @property role Which of the two this device is.
 * @property state Where it stands.
 * @property vertical What kind of credential it is, as far as its link tells.
 * @property relay The origin of the relay that it goes over, such as `https://relay.example`.
 * @property title The invitation's title. A receiver has it from the other side.
 * @property description The invitation's description. A receiver has it from the other side.
 * @property sender What the sender calls itself; nothing proves it. Empty if it does not say.
 * @property format The format of the credential that is to come, if the sender says.
 * @property mayBePassedOn Whether the receiver may pass on what it gets, in the sender's word. Nothing enforces it.
 * @property imageUrl An https image, if any. Nothing here fetches it: that tells its host about this device, and a receiver has
 *   the address from the other side.
 * @property authenticity Whether title, description and image are the sender's own word.
 * @property pinRequired Whether the invitation asks for a PIN: known on both sides from the beginning, and after the end too.
 * @property expiresAt When it ends at the latest; null while a receiver has not read its mailbox.
 * @property sent How many messages this side has handed over to be sent, delivered or not.
 * @property delivered How many of them the other side has stored, the first ones: with [sent] this tells "delivered, then lost"
 *   from "never delivered", also of a transfer that has ended.
 * @property received How many messages of the other side this side has stored.
 */
public data class TransferSummary(
    @get:JvmName("getId") val id: TransferId,
    val role: TransferRole,
    val state: TransferState,
    val vertical: Vertical,
    val relay: String,
    val title: PeerText,
    val description: PeerText,
    val sender: PeerText,
    val format: String?,
    val mayBePassedOn: Boolean,
    val imageUrl: String?,
    val authenticity: Authenticity,
    val pinRequired: Boolean,
    val expiresAt: Instant?,
    val sent: Long,
    val delivered: Long,
    val received: Long,
)
