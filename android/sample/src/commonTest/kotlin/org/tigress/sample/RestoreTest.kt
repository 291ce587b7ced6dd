package org.tigress.sample

import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.first
import org.junit.Rule
import org.junit.rules.TemporaryFolder
import org.tigress.InMemoryRelay
import org.tigress.TransferId

/** After a kill the wallet shows what it showed before. */
class RestoreTest {
    @get:Rule val folder = TemporaryFolder()
    private val relay = InMemoryRelay()

    /** Ends the app once it has kept where it is, opens it again, and waits for the same screen. */
    private suspend inline fun <reified T : Screen> Handset.outlivesAKill() {
        val before = sees<T>()
        combine(model.state, wallet.place) { state, place -> state.saved.texts() == place }.first { it }
        restart()
        // What was agreed to show is asked for again.
        val same = if (before is Screen.Share) before.copy(invitation = null) else before
        try {
            sees<T> { it == same }
        } catch (error: AssertionError) {
            throw AssertionError("before it was $same", error)
        }
    }

    @Test
    fun `list, scan and send`() = story {
        val phone = Handset(relay, this)
        phone.outlivesAKill<Screen.List>()
        phone.model.scan()
        phone.outlivesAKill<Screen.Scan>()
        phone.model.send()
        val draft = phone.sees<Screen.Send>().draft.copy(
            title = "To ünal, = you",
            note = "= a\nb # c",
            name = "Car",
            sender = "me",
            mayBePassedOn = true,
            pin = false,
        )
        phone.model.edit(draft)
        phone.outlivesAKill<Screen.Send>()
        assertEquals(draft, phone.sees<Screen.Send>().draft)
    }

    @Test
    fun `offer, PIN, working and done, and of the sender share, working and done`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key", pin = true)
        giver.outlivesAKill<Screen.Share>()
        giver.agrees = false
        giver.model.show()
        assertEquals(Failure.NOT_APPROVED, giver.sees<Screen.Share> { it.trouble != null }.trouble?.failure)
        giver.agrees = true
        giver.model.show()
        assertEquals(invitation.shareUrl, giver.sees<Screen.Share> { it.invitation != null }.invitation?.shareUrl)

        taker.opens(invitation)
        taker.outlivesAKill<Screen.Offer>()
        taker.model.take()
        taker.outlivesAKill<Screen.Pin>()
        taker.model.pin(if (invitation.pin == "000000") "111111" else "000000")
        taker.sees<Screen.Pin> { it.triesLeft == 4 }
        taker.outlivesAKill<Screen.Pin>()
        giver.outlivesAKill<Screen.Working>()
        taker.isOnline = false
        taker.model.pin(checkNotNull(invitation.pin))
        taker.sees<Screen.Working> { it.isUnreachable }
        taker.outlivesAKill<Screen.Working>()
        taker.isOnline = true
        taker.outlivesAKill<Screen.Done>()
        giver.outlivesAKill<Screen.Done>()
    }

    @Test
    fun `what failed, with its link where it is no transfer yet`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key")
        taker.isOnline = false
        taker.opens(invitation)
        taker.sees<Screen.Failed>()
        taker.outlivesAKill<Screen.Failed>()
        taker.isOnline = true
        taker.model.retry()
        taker.sees<Screen.Offer>()
        giver.model.takeBack()
        giver.outlivesAKill<Screen.Failed>()
        taker.outlivesAKill<Screen.Failed>()
    }

    @Test
    fun `killed while it opens a link, it opens it`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key")
        taker.kill()
        taker.wallet.place.value = Saved(Place.Opening(invitation.shareUrl.encodeToByteArray()), emptyMap()).texts()
        taker.restart()
        taker.sees<Screen.Offer>()
    }

    @Test
    fun `the link that opens the app is what it shows, not where it was`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val (first, second) = giver.gives("First").also { giver.listed { true } } to giver.gives("Second")
        taker.opens(first)
        taker.outlivesAKill<Screen.Offer>()
        taker.restart()
        taker.opens(second)
        taker.sees<Screen.Offer> { it.item.title == "Second" }
        taker.listed { list -> list.count { it.stage == Stage.OFFERED } == 2 }
    }

    @Test
    fun `files keep what they were given`() {
        val (id, other) = TransferId("0191f0a8-6c5b-4e58-a8f7-e2a35c7f2b10") to TransferId("0191f0a8-6c5b-4e58-a8f7-e2a35c7f2b11")
        val wallet = FolderWallet(File(folder.root, "wallet"))
        assertEquals(emptyMap(), wallet.saved())
        assertEquals(emptySet(), wallet.kept())
        val place = Saved(Place.Send(Draft("k", "Käse", "Title = ", "two\nlines", pin = false)), mapOf(id to 3))
        wallet.save(place.texts())
        val own = MemoryWallet.CAR.copy(mayBePassedOn = false)
        wallet.keep(id, own)
        wallet.keep(id, own)
        wallet.keep(other, MemoryWallet.HOUSE)
        val later = FolderWallet(File(folder.root, "wallet"))
        assertEquals(place, Saved.of(later.saved()))
        assertEquals(setOf(id, other), later.kept())
        assertEquals(setOf(own, MemoryWallet.HOUSE), later.owned().drop(1).toSet())
    }
}
