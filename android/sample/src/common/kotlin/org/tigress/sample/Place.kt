package org.tigress.sample

import java.util.Base64
import org.tigress.TransferId

/** Where the user is: with the store of transfers it says what the screen shows, also after a kill. */
sealed interface Place {
    /** At all transfers. */
    data object List : Place

    /** At one: what is shown of it depends on where it stands. */
    data class Transfer(val id: TransferId) : Place

    /** At an invitation that was opened, and is not among the transfers yet. Printed, it shows no link. */
    class Opening(val invitation: ByteArray, val trust: String? = null, val trouble: Trouble? = null) : Place {
        /** The same, gone wrong. */
        fun failed(trouble: Trouble): Opening = Opening(invitation, trust, trouble)
    }

    /** At what is to be given. */
    data class Send(val draft: Draft) : Place

    /** At the camera. */
    data object Scan : Place
}

/**
 * What is to be given.
 *
 * @property key Names this request: after a kill it gives the same invitation, not a second one.
 * @property name The credential's.
 */
data class Draft(
    val key: String,
    val name: String,
    val title: String,
    val note: String = "",
    val sender: String = "",
    val mayBePassedOn: Boolean = false,
    val pin: Boolean = true,
)

/** What is kept of a place, and the tries that are left of each PIN. */
data class Saved(val place: Place, val tries: Map<TransferId, Int>) {
    fun texts(): Map<String, String> {
        val place =
            when (place) {
                Place.List -> mapOf("place" to "list")
                Place.Scan -> mapOf("place" to "scan")
                is Place.Transfer -> mapOf("place" to "transfer", "id" to place.id.value)
                is Place.Send -> mapOf("place" to "send") + texts(place.draft)
                is Place.Opening -> mapOf("place" to "opening") + texts(place)
            }
        return place + tries.map { (id, left) -> TRIES + id to left.toString() }
    }

    private fun texts(draft: Draft): Map<String, String> =
        mapOf(
            "key" to draft.key,
            "name" to draft.name,
            "title" to draft.title,
            "note" to draft.note,
            "sender" to draft.sender,
            "on" to "${draft.mayBePassedOn}",
            "pin" to "${draft.pin}",
        )

    private fun texts(place: Place.Opening): Map<String, String> = buildMap {
        put("invitation", Base64.getEncoder().encodeToString(place.invitation))
        place.trust?.let { put("trust", it) }
        place.trouble?.let {
            put("failure", it.failure.name)
            put("detail", it.detail)
        }
    }

    companion object {
        private const val TRIES = "tries."

        /** The list, where it can't be read. */
        fun of(texts: Map<String, String>): Saved {
            val tries = texts.filterKeys { it.startsWith(TRIES) }.mapKeys { TransferId(it.key.removePrefix(TRIES)) }
            return Saved(place(texts) ?: Place.List, tries.mapValues { it.value.toIntOrNull() ?: 0 })
        }

        private fun place(texts: Map<String, String>): Place? =
            when (texts["place"]) {
                "scan" -> Place.Scan
                "transfer" -> texts["id"]?.let { Place.Transfer(TransferId(it)) }
                "send" -> draft(texts)?.let(Place::Send)
                "opening" -> opening(texts)
                else -> null
            }

        private fun draft(texts: Map<String, String>): Draft? {
            val key = texts["key"] ?: return null
            fun text(name: String) = texts[name].orEmpty()
            return Draft(key, text("name"), text("title"), text("note"), text("sender"), text("on") == "true", text("pin") != "false")
        }

        private fun opening(texts: Map<String, String>): Place? {
            val invitation = runCatching { Base64.getDecoder().decode(texts["invitation"]) }.getOrNull() ?: return null
            val failure = Failure.entries.firstOrNull { it.name == texts["failure"] }
            return Place.Opening(invitation, texts["trust"], failure?.let { Trouble(it, texts["detail"].orEmpty()) })
        }
    }
}
