package org.tigress.sample

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlinx.coroutines.flow.first
import org.tigress.InMemoryRelay
import org.tigress.TransferRole

/** The wallet from its user's side: two phones over one relay. */
class WalletModelTest {
    private val relay = InMemoryRelay()

    @Test
    fun `what one gives the other has, and both see it`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key to the house", pin = true)
        taker.opens(invitation)
        assertEquals("Key to the house", taker.sees<Screen.Offer>().item.title)
        taker.model.take()
        assertNull(taker.sees<Screen.Pin>().triesLeft)
        taker.model.pin(checkNotNull(invitation.pin))
        assertEquals("Key to the house", taker.sees<Screen.Done>().item.title)
        assertEquals(MemoryWallet.HOUSE.credential, taker.wallet.credentials.values.single().credential)
        giver.sees<Screen.Done>()
        assertEquals(listOf(TransferRole.SENDER), giver.listed { it.single().stage == Stage.DONE }.map { it.role })
        assertEquals(listOf("Key to the house"), taker.listed { it.single().stage == Stage.DONE }.map { it.title })
    }

    @Test
    fun `an offer says what its sender does, and what is for one alone is not given on`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        for (mayBePassedOn in listOf(false, true)) {
            giver.listed { true }
            giver.model.send()
            val draft = giver.sees<Screen.Send>().draft
            giver.model.edit(
                draft.copy(title = "On: $mayBePassedOn", note = "For you", sender = "Ada", mayBePassedOn = mayBePassedOn, pin = false),
            )
            giver.model.share()
            taker.opens(checkNotNull(giver.sees<Screen.Share> { it.invitation != null }.invitation))
            val offered = taker.sees<Screen.Offer> { it.item.title == "On: $mayBePassedOn" }
            assertEquals(Offer("For you", "Ada", "org.example.key", mayBePassedOn, isAltered = false), offered.offer)
            taker.model.take()
            taker.sees<Screen.Done> { it.item.title == "On: $mayBePassedOn" }
        }
        taker.model.send()
        assertEquals(listOf("House", "Car", "On: true"), taker.sees<Screen.Send>().names)
    }

    @Test
    fun `a second link is no part of the first, whichever comes first`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val slow = giver.gives("Slow", pin = true)
        giver.listed { true }
        val quick = giver.gives("Quick")
        taker.opens(slow)
        taker.sees<Screen.Offer>()
        taker.model.take()
        taker.sees<Screen.Pin>()
        taker.opens(quick)
        taker.sees<Screen.Offer> { it.item.title == "Quick" }
        taker.model.take()
        taker.sees<Screen.Done> { it.item.title == "Quick" }
        // The first one waits for its PIN, as it did.
        val waiting = taker.listed { list -> list.any { it.stage == Stage.DONE } }.single { it.stage == Stage.PIN }
        taker.model.look(waiting.id)
        assertEquals("Slow", taker.sees<Screen.Pin>().item.title)
        taker.model.pin(checkNotNull(slow.pin))
        taker.sees<Screen.Done> { it.item.title == "Slow" }
        assertEquals(2, taker.wallet.credentials.size)
    }

    @Test
    fun `what comes while another one is looked at ends its own transfer, not that one`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val (first, second) = giver.gives("First").also { giver.listed { true } } to giver.gives("Second")
        taker.opens(second)
        val other = taker.sees<Screen.Offer>().item.id
        taker.opens(first)
        taker.sees<Screen.Offer> { it.item.title == "First" }
        taker.isOnline = false
        taker.model.take()
        taker.sees<Screen.Working> { it.isUnreachable }
        taker.model.look(other)
        taker.sees<Screen.Offer>()
        taker.isOnline = true
        giver.listed { list -> list.count { it.stage == Stage.DONE } == 1 && list.count { it.stage == Stage.INVITED } == 1 }
        taker.model.take()
        taker.sees<Screen.Done> { it.item.title == "Second" }
    }

    @Test
    fun `three credentials on their way at once come each to its own end`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val links = listOf("One", "Two", "Three").map { title -> giver.gives(title).also { giver.listed { true } } }
        for (link in links) {
            taker.opens(link)
            taker.sees<Screen.Offer>()
            taker.model.take()
        }
        taker.listed { list -> list.count { it.stage == Stage.DONE } == 3 }
        giver.listed { list -> list.count { it.stage == Stage.DONE } == 3 }
        assertEquals(setOf("One", "Two", "Three"), taker.wallet.credentials.values.map { it.name }.toSet())
    }

    @Test
    fun `a PIN in the digits of any script is right, an empty one is no dead end`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key", pin = true)
        taker.opens(invitation)
        taker.sees<Screen.Offer>()
        taker.model.take()
        taker.sees<Screen.Pin>()
        for (typed in listOf("", "12345", "what?")) taker.model.pin(typed)
        assertEquals(Screen.Pin::class, taker.model.state.value.screen::class)
        val arabic = checkNotNull(invitation.pin).map { '\u0660' + it.digitToInt() }.joinToString("")
        taker.model.pin(arabic)
        taker.sees<Screen.Done>()
    }

    @Test
    fun `a wrong PIN leaves fewer tries, and the last one says so`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key", pin = true)
        val wrong = if (invitation.pin == "000000") "111111" else "000000"
        taker.opens(invitation)
        taker.sees<Screen.Offer>()
        taker.model.take()
        for (left in listOf(null, 4, 3, 2, 1)) {
            taker.sees<Screen.Pin> { it.triesLeft == left }
            taker.model.pin(wrong)
        }
        assertEquals(Failure.WRONG_PIN, taker.sees<Screen.Failed>().trouble.failure)
        assertEquals(Failure.WRONG_PIN, giver.sees<Screen.Failed>().trouble.failure)
        taker.model.forget()
        taker.sees<Screen.List> { it.items.isEmpty() }
    }

    @Test
    fun `without a network nobody is sent to the sender, and trying again goes on`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key")
        taker.isOnline = false
        taker.opens(invitation)
        val failed = taker.sees<Screen.Failed>()
        assertEquals(Failure.UNREACHABLE, failed.trouble.failure)
        assertEquals(false, "sender" in Words.trouble(failed.trouble))
        taker.isOnline = true
        taker.model.retry()
        taker.sees<Screen.Offer>()
        taker.model.take()
        taker.sees<Screen.Done>()
    }

    @Test
    fun `a network that goes away in the middle is said, and it goes on by itself`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key")
        taker.opens(invitation)
        taker.sees<Screen.Offer>()
        taker.isOnline = false
        taker.model.take()
        taker.sees<Screen.Working> { it.isUnreachable }
        taker.isOnline = true
        taker.sees<Screen.Done>()
    }

    @Test
    fun `what can't be written down is said, tried again, and acknowledged only then`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key")
        taker.wallet.isFull = true
        taker.opens(invitation)
        taker.sees<Screen.Offer>()
        taker.model.take()
        val failed = taker.sees<Screen.Failed>()
        assertEquals(Failure.NOT_KEPT, failed.trouble.failure)
        assertEquals(false, "sender" in Words.trouble(failed.trouble))
        taker.model.retry()
        taker.wallet.times.first { it == 2 }
        taker.sees<Screen.Failed>()
        // Killed now, it comes again: it was not acknowledged.
        taker.restart()
        taker.sees<Screen.Failed> { it.trouble.failure == Failure.NOT_KEPT }
        taker.wallet.isFull = false
        taker.model.retry()
        taker.sees<Screen.Done>()
        giver.sees<Screen.Done>()
        assertEquals(1, taker.wallet.credentials.size)
    }

    @Test
    fun `what is no invitation is said, and so is this phone's own`() = story {
        val giver = Handset(relay, this)
        giver.sees<Screen.List>()
        giver.model.open("https://example.org/".encodeToByteArray())
        assertEquals(Failure.BAD_INVITATION, giver.sees<Screen.Failed>().trouble.failure)
        giver.model.back()
        val invitation = giver.gives("Key")
        giver.opens(invitation)
        assertEquals(Failure.OWN_INVITATION, giver.sees<Screen.Failed>().trouble.failure)
    }

    @Test
    fun `another relay is asked about, and trusted once`() = story {
        val other = InMemoryRelay()
        val taker = Handset(relay, this)
        taker.sees<Screen.List>()
        taker.model.open(LINK_ELSEWHERE.encodeToByteArray())
        assertEquals(Trouble(Failure.UNTRUSTED_RELAY, "elsewhere.example"), taker.sees<Screen.Failed>().trouble)
        taker.isOnline = false
        taker.model.trust()
        assertEquals(Failure.UNREACHABLE, taker.sees<Screen.Failed> { it.trouble.failure != Failure.UNTRUSTED_RELAY }.trouble.failure)
        assertEquals(0, other.mailboxes)
    }

    @Test
    fun `nothing leaves before its user has agreed, and it can be taken back`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        giver.agrees = false
        giver.sees<Screen.List>()
        giver.model.send()
        giver.model.share()
        assertEquals(Failure.NOT_APPROVED, giver.sees<Screen.Send> { it.trouble != null }.trouble?.failure)
        assertEquals(0, relay.mailboxes)
        giver.agrees = true
        giver.model.share()
        val invitation = checkNotNull(giver.sees<Screen.Share> { it.invitation != null }.invitation)
        giver.model.takeBack()
        assertEquals(Failure.TAKEN_BACK, giver.sees<Screen.Failed>().trouble.failure)
        taker.opens(invitation)
        assertEquals(Failure.OVER, taker.sees<Screen.Failed>().trouble.failure)
    }

    @Test
    fun `what is declined is over here, and still there for another`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key")
        taker.opens(invitation)
        taker.sees<Screen.Offer>()
        taker.model.decline()
        val item = taker.sees<Screen.List> { it.items.single().stage == Stage.FAILED }.items.single()
        assertEquals(Failure.DECLINED, item.trouble?.failure)
        giver.sees<Screen.Share>()
        val another = Handset(relay, this)
        another.opens(invitation)
        another.sees<Screen.Offer>()
    }

    @Test
    fun `a link that is touched twice leads to the same offer, at once`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key")
        repeat(3) {
            taker.opens(invitation)
            taker.sees<Screen.Offer>()
        }
        assertEquals(1, taker.listed { it.isNotEmpty() }.size)
    }

    @Test
    fun `a draft that was shared just before a kill is one invitation, not two`() = story {
        val giver = Handset(relay, this)
        giver.sees<Screen.List>()
        giver.model.send()
        val place = giver.model.state.value.saved.texts()
        giver.model.share()
        val before = checkNotNull(giver.sees<Screen.Share> { it.invitation != null }.invitation)
        giver.kill()
        giver.wallet.place.value = place
        giver.restart()
        giver.sees<Screen.Send>()
        giver.model.share()
        assertEquals(before.shareUrl, giver.sees<Screen.Share> { it.invitation != null }.invitation?.shareUrl)
        assertEquals(1, relay.mailboxes)
    }

    private companion object {
        val LINK_ELSEWHERE =
            "https://elsewhere.example/v1/m/0191f0a8-6c5b-4e58-a8f7-e2a35c7f2b10#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    }
}
