package org.tigress

import android.content.Context
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import org.tigress.support.KEY
import org.tigress.support.refused
import org.tigress.support.story
import org.tigress.support.transport

// What docs/android.md shows, word for word.
// [docs: client]
/** One client for the app. Touches neither disk nor network. */
fun client(context: Context): TransferClient = Tigress.client(context, Config(relay = "https://relay.example"))
// [docs: end]

// [docs: receive]

/** Receives what the user has opened: `confirm` asks them, `pin` lets them type it, `keep` stores what arrives. */
suspend fun TransferClient.receive(
    link: String,
    confirm: suspend (TransferSummary) -> Boolean,
    pin: suspend (triesLeft: Int?) -> String,
    keep: suspend (Credential) -> Unit,
): Outcome? {
    val id = acceptInvitation(link)
    val offer = transfers().first { it.id == id }
    // Only now the sender is answered, by whichever the user wants.
    if (confirm(offer)) confirm(id) else decline(id)
    return goOn(id, pin, keep)
}

/** The same from wherever it stopped: after a restart, for what [TransferClient.transfers] lists as received. */
suspend fun TransferClient.goOn(
    id: TransferId,
    pin: suspend (triesLeft: Int?) -> String,
    keep: suspend (Credential) -> Unit,
): Outcome? {
    var outcome: Outcome? = null
    events(id).collect { event ->
        when (event) {
            is TransferEvent.PinRequired -> providePin(id, pin(null))
            is TransferEvent.PinRejected -> if (event.triesLeft > 0) providePin(id, pin(event.triesLeft))
            is TransferEvent.CredentialReceived -> {
                keep(event.credential) // acknowledged when this block returns
                terminate(id)
            }
            is TransferEvent.Closed -> outcome = event.outcome
            else -> Unit
        }
    }
    return outcome
}
// [docs: end]

// [docs: send]

/** Sends, and tells whether it has arrived. */
suspend fun TransferClient.send(credential: Credential, share: (link: String, pin: String?) -> Unit): Outcome? {
    val request = InvitationRequest(title = "Key to the house", vertical = Vertical.HOME_KEY, pin = true, credential = credential)
    val invitation = createInvitation(request)
    share(invitation.shareUrl, invitation.pin) // or invitation.file, or invitation.qrCode().toBitmap()
    var outcome: Outcome? = null
    events(invitation.transfer).collect { if (it is TransferEvent.Closed) outcome = it.outcome }
    return outcome
}
// [docs: end]

/** The code that docs/android.md shows does what it says. */
class DocsTest {
    private val relay = InMemoryRelay()

    private fun wallet(store: TransferStore = memoryStore(), transport: HttpTransport = relay.transport) =
        TransferClient(Config(relay.origin, giveUpAfter = kotlin.time.Duration.ZERO), store, transport)

    /** Sends, and gives the link and the PIN to [receive]. */
    private suspend fun sent(receive: suspend (link: String, pin: String) -> Outcome?): Pair<Outcome?, Outcome?> =
        kotlinx.coroutines.coroutineScope {
            val shared = CompletableDeferred<Pair<String, String>>()
            val sending = async { wallet().send(KEY) { link, pin -> shared.complete(link to pin.orEmpty()) } }
            val (link, pin) = shared.await()
            receive(link, pin) to sending.await()
        }

    @Test
    fun `what is sent is received, a PIN may be wrong once`() = story {
        val kept = mutableListOf<Credential>()
        val tries = mutableListOf<Int?>()
        val ends = sent { link, pin ->
            wallet().receive(
                link,
                { offer -> offer.title.shown == "Key to the house" },
                { left -> if (tries.apply { add(left) }.size == 1) "000000" else pin },
                { kept += it },
            )
        }
        assertEquals(Outcome.Completed to Outcome.Completed, ends)
        assertEquals(listOf(KEY), kept)
        assertEquals(listOf(null, 4), tries)
    }

    @Test
    fun `an unwanted offer is declined, and its link still works`() = story {
        val ends = sent { link, pin ->
            val declined = wallet().receive(link, { false }, { error("no PIN is asked for") }, { error("nothing comes") })
            assertEquals(Outcome.Declined, declined)
            wallet().receive(link, { true }, { pin }, {})
        }
        assertEquals(Outcome.Completed to Outcome.Completed, ends)
    }

    @Test
    fun `the tries of a PIN end, and both sides know`() = story {
        val (received, sent) = sent { link, _ -> wallet().receive(link, { true }, { "000000" }, { error("nothing comes") }) }
        assertEquals(EndReason.PIN_TRIES_USED_UP, (received as Outcome.Failed).reason)
        assertEquals(EndReason.PIN_TRIES_USED_UP, (sent as? Outcome.Failed)?.reason ?: (sent as Outcome.Unproven).reason)
    }

    @Test
    fun `killed while it keeps what came, it goes on after a restart, and without a network it says so`() = story {
        val store = memoryStore()
        val kept = mutableListOf<Credential>()
        val ends = sent { link, pin ->
            val offline = wallet(transport = transport { throw TransportException(TransportFailure.UNREACHABLE, "no network") })
            assertEquals("relay_unreachable", refused { offline.receive(link, { true }, { pin }, {}) }.code)
            runCatching { wallet(store).receive(link, { true }, { pin }, { error("the app is killed here") }) }
            val restarted = wallet(store)
            restarted.goOn(restarted.transfers().single().id, { pin }, { kept += it })
        }
        assertEquals(Outcome.Completed to Outcome.Completed, ends)
        assertEquals(listOf(KEY), kept)
    }

    @Test
    fun `the document shows exactly this code`() {
        val root = generateSequence(File("").absoluteFile) { it.parentFile }.first { File(it, "README.md").exists() }
        val document = File(root, "docs/android.md").readText()
        val tests = "android/tigress/src/test"
        val shown = listOf("$tests/kotlin/org/tigress/DocsTest.kt", "$tests/java/org/tigress/JavaTest.java").flatMap { path ->
            File(root, path).readText().split(Regex("// \\[docs: (?!end)[a-z]+\\]\n")).drop(1).map {
                it.substringBefore("// [docs: end]").trimIndent().trim()
            }
        }
        assertEquals(4, shown.size)
        shown.forEach { assertTrue(it in document, "docs/android.md has another form of:\n$it") }
    }
}
