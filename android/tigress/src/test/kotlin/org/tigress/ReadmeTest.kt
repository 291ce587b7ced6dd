package org.tigress

import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.last
import org.tigress.support.KEY
import org.tigress.support.story

// What the README shows, word for word.
// [README: receive]
/** Receives what an invitation's link offers, and keeps it. Calls for the PIN if one is needed. */
suspend fun receive(link: String, client: TransferClient, keep: suspend (Credential) -> Unit, askForPin: suspend () -> String) {
    val id = client.acceptInvitation(link)
    // Here the app shows its user what is offered, who may decline(id): the sender is answered only after this.
    client.confirm(id)
    client.events(id).collect { event ->
        when (event) {
            is TransferEvent.PinRequired -> client.providePin(id, askForPin())
            is TransferEvent.PinRejected -> if (event.triesLeft > 0) client.providePin(id, askForPin())
            is TransferEvent.CredentialReceived -> {
                keep(event.credential) // acknowledged when the next event is asked for
                client.terminate(id, TerminateReason.DONE)
            }
            is TransferEvent.Closed -> check(event.outcome == Outcome.Completed) { "ended: ${event.outcome}" }
            else -> Unit
        }
    }
}
// [README: end]

/** The code that the README shows does what it says. */
class ReadmeTest {
    @Test
    fun `the example receives what was sent`() = story {
        val relay = InMemoryRelay()
        val (sender, receiver) = List(2) { TransferClient(Config(relay.origin), memoryStore(), relay.transport) }
        val invitation = sender.createInvitation(InvitationRequest(title = "A key", credential = KEY, pin = true))
        val last = async { sender.events(invitation.transfer).last() }
        val kept = mutableListOf<Credential>()
        receive(invitation.shareUrl, receiver, { kept += it }, { invitation.pin.orEmpty() })
        assertEquals(listOf(KEY), kept)
        assertEquals<TransferEvent>(TransferEvent.Closed(Outcome.Completed), last.await())
    }

    @Test
    fun `the README shows exactly this code`() {
        val root = generateSequence(File("").absoluteFile) { it.parentFile }.first { File(it, "README.md").exists() }
        val source = File(root, "android/tigress/src/test/kotlin/org/tigress/ReadmeTest.kt").readText()
        val code = source.substringAfter("// [README: receive]\n").substringBefore("// [README: end]")
        assertTrue(File(root, "README.md").readText().contains(code), "README.md shows another form")
    }
}
