package org.tigress.sample

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.first
import org.tigress.HttpRequest
import org.tigress.InMemoryRelay
import org.tigress.NotificationToken
import org.tigress.TransferState

/** What is done when a push wakes a phone whose app is not open. */
class WakeTest {
    private val relay = InMemoryRelay()

    /** One who has taken a key, and whose app has ended before it came. */
    private suspend fun CoroutineScope.waiting(pin: Boolean): Pair<Handset, Handset> {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        val invitation = giver.gives("Key", pin)
        giver.kill()
        taker.opens(invitation)
        taker.sees<Screen.Offer>()
        taker.model.take()
        if (pin) {
            taker.sees<Screen.Pin>()
            taker.model.pin(checkNotNull(invitation.pin))
        }
        // Stored; how far it gets before the end is another matter.
        taker.model.state.first { state -> state.transfers.single().state !in listOf(TransferState.Offered, TransferState.PinRequired) }
        taker.kill()
        return giver to taker
    }

    @Test
    fun `both sides are woken by turns, and it arrives with no app open`() = story {
        val (giver, taker) = waiting(pin = true)
        val news = mutableListOf<String>()
        while (news.size < 2) {
            for (phone in listOf(giver, taker)) {
                val woken = wake(phone.asleep(), phone.wallet)
                assertFalse(woken.again)
                news += woken.news.map(Words::news)
            }
        }
        assertEquals(setOf("What you gave has its end", "What you were given has its end"), news.toSet())
        assertEquals(MemoryWallet.HOUSE.credential, taker.wallet.credentials.values.single().credential)
        assertTrue(wake(taker.asleep(), taker.wallet).news.isEmpty(), "nothing is told twice")
        taker.restart()
        taker.sees<Screen.Done>()
    }

    @Test
    fun `a wake-up answers nobody whose user has not decided`() = story {
        val (giver, taker) = Handset(relay, this) to Handset(relay, this)
        taker.opens(giver.gives("Key"))
        taker.sees<Screen.Offer>()
        taker.kill()
        assertTrue(wake(taker.asleep(), taker.wallet).news.isEmpty())
        assertEquals<TransferState>(TransferState.Offered, taker.client.transfers().single().state)
    }

    @Test
    fun `without a network, or where nothing can be kept, it is tried again later`() = story {
        val (giver, taker) = waiting(pin = false)
        taker.isOnline = false
        assertTrue(wake(taker.asleep(), taker.wallet).again)
        taker.isOnline = true
        taker.wallet.isFull = true
        while (!wake(taker.asleep(), taker.wallet).again) wake(giver.asleep(), giver.wallet)
        assertEquals(0, taker.wallet.credentials.size)
        taker.wallet.isFull = false
        taker.restart()
        taker.sees<Screen.Done>()
    }

    @Test
    fun `the token is told for what is open and for what begins later`() = story {
        val giver = Handset(relay, this)
        giver.gives("Before")
        val told = { request: HttpRequest -> request.body?.decodeToString().orEmpty().contains("registration-1") }
        val token = NotificationToken("com.google.fcm", "registration-1")
        giver.pushToken = token
        register(giver.client, token)
        assertFalse(giver.requests.any(told), "not before the next write")
        giver.listed { true }
        giver.gives("After")
        assertTrue(giver.requests.any(told))
    }
}
