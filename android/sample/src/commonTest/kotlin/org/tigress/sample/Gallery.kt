package org.tigress.sample

import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.requiredSize
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.Density
import androidx.compose.ui.unit.dp
import java.time.Instant
import kotlin.time.Duration.Companion.hours
import kotlinx.coroutines.runBlocking
import org.tigress.Config
import org.tigress.InMemoryRelay
import org.tigress.InvitationRequest
import org.tigress.TransferClient
import org.tigress.TransferId
import org.tigress.TransferRole
import org.tigress.memoryStore

/** Each screen as it may be, for tests and pictures. */
object Gallery {
    private const val RELAY = "relay.example"
    private val until = Instant.parse("2030-03-17T17:46:40Z")
    private var count = 0

    private fun item(title: String, stage: Stage, role: TransferRole = TransferRole.RECEIVER, trouble: Trouble? = null): Item {
        val id = TransferId("0191f0a8-6c5b-4e58-a8f7-%012x".format(++count))
        return Item(id, role, title, RELAY, stage, until.takeUnless { stage == Stage.DONE || stage == Stage.FAILED }, trouble)
    }

    private val offered = item("Key to the house", Stage.OFFERED)
    private val typing = item("Key to the house", Stage.PIN)
    private val given = item("Key to the garage", Stage.INVITED, TransferRole.SENDER)
    private val unreachable = Trouble(Failure.UNREACHABLE)

    private val items =
        listOf(
            given,
            typing,
            item("", Stage.OFFERED),
            item("Locker 12", Stage.UNDER_WAY),
            item("Gym", Stage.DONE),
            item("Old office", Stage.FAILED, trouble = Trouble(Failure.OVER)),
        )

    private val invitation by lazy {
        val relay = InMemoryRelay()
        runBlocking {
            val request = InvitationRequest(title = given.title, pin = true, lifetime = 48.hours)
            TransferClient(Config(relay.origin), memoryStore(), relay.transport).createInvitation(request)
        }
    }

    /** All, by the names that docs and both platforms use, and what may be special about one. */
    val screens: Map<String, Screen> by lazy {
        mapOf(
            "list" to Screen.List(items),
            "list-empty" to Screen.List(emptyList(), unreachable),
            "offer" to
                Screen.Offer(
                    offered,
                    Offer("For the weekend. The alarm is off.", "Ada", "org.example.key", mayBePassedOn = false, isAltered = false),
                ),
            "offer-altered" to Screen.Offer(item("", Stage.OFFERED), Offer("", "", "", mayBePassedOn = false, isAltered = true)),
            "pin" to Screen.Pin(typing, null),
            "pin-wrong" to Screen.Pin(typing, 4),
            "working" to Screen.Working(item("Key to the house", Stage.UNDER_WAY)),
            "working-offline" to Screen.Working(item("Key to the house", Stage.UNDER_WAY), isUnreachable = true),
            "done" to Screen.Done(item("Key to the house", Stage.DONE)),
            "failed" to Screen.Failed(null, unreachable),
            "failed-relay" to Screen.Failed(null, Trouble(Failure.UNTRUSTED_RELAY, "elsewhere.example")),
            "failed-over" to Screen.Failed(item("Key to the house", Stage.FAILED), Trouble(Failure.CLAIMED_BY_ANOTHER)),
            "send" to
                Screen.Send(
                    Draft("1", "Key to the garage", "Key to the garage", sender = "Ada"),
                    listOf("Key to the house", "Key to the garage"),
                    null,
                ),
            "share" to Screen.Share(given, invitation, null),
            "share-again" to Screen.Share(given, null, Trouble(Failure.NOT_APPROVED)),
            "scan" to Screen.Scan,
        )
    }

    /** On a phone of this size, with its user's size of type. */
    @Composable
    fun OnPhone(width: Int, height: Int, type: Float, content: @Composable () -> Unit) {
        val density = LocalDensity.current.density
        CompositionLocalProvider(LocalDensity provides Density(density, type)) {
            Box(Modifier.testTag("phone").requiredSize(width.dp, height.dp)) { content() }
        }
    }
}

/** Remembers what was asked for. */
class Asked : Actions, Phone {
    val calls = mutableListOf<String>()

    override fun open(invitation: ByteArray) = call("open ${invitation.decodeToString()}")

    override fun trust() = call("trust")

    override fun take() = call("take")

    override fun decline() = call("decline")

    override fun pin(typed: String) = call("pin $typed")

    override fun send() = call("send")

    override fun edit(draft: Draft) = call("edit ${draft.name}, ${draft.title}, ${draft.note}, ${draft.pin}, ${draft.mayBePassedOn}")

    override fun share() = call("share")

    override fun show() = call("show")

    override fun takeBack() = call("takeBack")

    override fun scan() = call("scan")

    override fun look(id: TransferId) = call("look $id")

    override fun back() = call("back")

    override fun forget() = call("forget")

    override fun retry() = call("retry")

    override fun shareLink(link: String) = call("shareLink")

    override fun shareFile(file: ByteArray) = call("shareFile")

    override fun startCamera() = call("startCamera")

    private fun call(what: String) {
        calls += what
    }
}
