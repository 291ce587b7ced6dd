package org.tigress.sample

import java.time.Instant
import org.tigress.Invitation
import org.tigress.TransferId
import org.tigress.TransferRole

/** What the screen shows. */
sealed interface Screen {
    /** What I gave, and what I was given. */
    data class List(val items: kotlin.collections.List<Item>, val trouble: Trouble? = null) : Screen

    /** The user is asked whether to take it; the texts are the sender's word. */
    data class Offer(val item: Item, val offer: org.tigress.sample.Offer) : Screen

    /** The user must type the PIN. */
    data class Pin(val item: Item, val triesLeft: Int?) : Screen

    /** Under way; without an item, before it is a transfer. */
    data class Working(val item: Item?, val isUnreachable: Boolean = false) : Screen

    /** The credential is where it should be. */
    data class Done(val item: Item) : Screen

    /** It did not work; without an item, it is no transfer yet. */
    data class Failed(val item: Item?, val trouble: Trouble) : Screen

    /** What is to be given. */
    data class Send(val draft: Draft, val names: kotlin.collections.List<String>, val trouble: Trouble?) : Screen

    /** The link, file and QR code; without an invitation, the user must agree before they are shown again. */
    data class Share(val item: Item, val invitation: Invitation?, val trouble: Trouble?) : Screen

    /** The camera looks for a QR code. */
    data object Scan : Screen
}

/**
 * One transfer, for a list.
 *
 * @property expiresAt None where it is over, or nobody knows.
 */
data class Item(
    val id: TransferId,
    val role: TransferRole,
    val title: String,
    val relay: String,
    val stage: Stage,
    val expiresAt: Instant?,
    val trouble: Trouble?,
)

/**
 * What an offer says beside its title, in the sender's words, each empty where they do not say.
 *
 * @property isAltered What they say was changed on the way, and is not here.
 */
data class Offer(val note: String, val sender: String, val format: String, val mayBePassedOn: Boolean, val isAltered: Boolean)

/** Where a transfer stands, for people. */
enum class Stage { INVITED, OFFERED, PIN, UNDER_WAY, DONE, FAILED }
