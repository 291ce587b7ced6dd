package org.tigress.sample

import java.net.URI
import org.tigress.Authenticity
import org.tigress.Invitation
import org.tigress.Outcome
import org.tigress.TransferId
import org.tigress.TransferRole
import org.tigress.TransferState
import org.tigress.TransferSummary

/**
 * All that the wallet knows, and from it what the screen shows.
 *
 * @property isReady Whether the stores were read.
 * @property isBusy Whether a call that the user has asked for is under way.
 * @property trouble Of that call, where its place has no other.
 * @property invitation The one that the user has agreed to show.
 */
data class WalletState(
    val isReady: Boolean = false,
    val place: Place = Place.List,
    val transfers: List<TransferSummary> = emptyList(),
    val kept: Set<TransferId> = emptySet(),
    val owned: List<Owned> = emptyList(),
    val notes: Map<TransferId, Note> = emptyMap(),
    val isBusy: Boolean = false,
    val trouble: Trouble? = null,
    val invitation: Invitation? = null,
) {
    val screen: Screen
        get() =
            when {
                !isReady -> Screen.Working(null)
                place is Place.Transfer -> transfer(place.id) ?: list()
                place is Place.Opening -> place.trouble?.let { Screen.Failed(null, it) } ?: Screen.Working(null)
                place is Place.Send -> if (isBusy) Screen.Working(null) else Screen.Send(place.draft, names(), trouble)
                place is Place.Scan -> Screen.Scan
                else -> list()
            }

    /** What of it outlives a kill. */
    val saved: Saved
        get() {
            val open = transfers.filter { it.state !is TransferState.Closed }
            return Saved(place, open.mapNotNull { transfer -> notes[transfer.id]?.triesLeft?.let { transfer.id to it } }.toMap())
        }

    private fun list(): Screen = Screen.List(transfers.map(::item), trouble)

    private fun transfer(id: TransferId): Screen? {
        val summary = transfers.firstOrNull { it.id == id } ?: return null
        val note = notes[id] ?: Note()
        val item = item(summary)
        return when {
            item.trouble != null -> Screen.Failed(item, item.trouble)
            item.stage == Stage.INVITED -> Screen.Share(item, invitation?.takeIf { it.transfer == id }, trouble)
            trouble != null -> Screen.Failed(item, trouble)
            item.stage == Stage.OFFERED && !isBusy ->
                Screen.Offer(item, offer(summary))
            item.stage == Stage.PIN && !isBusy -> Screen.Pin(item, note.triesLeft)
            item.stage == Stage.DONE -> Screen.Done(item)
            else -> Screen.Working(item, note.isUnreachable)
        }
    }

    /** What its sender lets go on. */
    private fun names(): List<String> = owned.filter { it.mayBePassedOn }.map { it.name }

    private fun offer(summary: TransferSummary): Offer =
        Offer(
            note = summary.description.shown,
            sender = summary.sender.shown,
            format = summary.format.orEmpty(),
            mayBePassedOn = summary.mayBePassedOn,
            isAltered = summary.authenticity == Authenticity.ALTERED,
        )

    private fun item(summary: TransferSummary): Item {
        val state = summary.state
        // What came counts once it is kept, and then however the transfer ended.
        val isKept = summary.id in kept
        val isComing = summary.role == TransferRole.RECEIVER && summary.received > 0
        val outcome = (state as? TransferState.Closed)?.outcome?.takeUnless { isKept || isComing || it == Outcome.Completed }
        val trouble = outcome?.let(Trouble::of) ?: notes[summary.id]?.trouble
        val stage =
            when {
                isKept -> Stage.DONE
                trouble != null -> Stage.FAILED
                state is TransferState.Closed && !isComing -> Stage.DONE
                state == TransferState.Invited -> Stage.INVITED
                state == TransferState.Offered -> Stage.OFFERED
                state == TransferState.PinRequired -> Stage.PIN
                else -> Stage.UNDER_WAY
            }
        val isOver = stage == Stage.DONE || stage == Stage.FAILED
        val expiresAt = summary.expiresAt.takeUnless { isOver }
        val title = summary.title.shown
        return Item(summary.id, summary.role, title, host(summary.relay), stage, expiresAt, trouble.takeUnless { isKept })
    }

    private fun host(relay: String): String = runCatching { URI(relay).host }.getOrNull() ?: relay
}

/** What is known of a transfer beside its summary. */
data class Note(val triesLeft: Int? = null, val isUnreachable: Boolean = false, val trouble: Trouble? = null)
