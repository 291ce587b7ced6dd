package org.tigress

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds
import org.tigress.support.KEY
import org.tigress.support.credentials
import org.tigress.support.refused
import org.tigress.support.story

/** Who is asked, on either side. */
class ConsentTest {
    private val relay = InMemoryRelay()

    private fun wallet(approval: UserApproval? = null, store: TransferStore = memoryStore()) =
        TransferClient(Config(relay.origin), store, relay.transport, approval)

    @Test
    fun `nothing is answered before the user agrees, whatever wakes the app`() = story {
        val sender = wallet()
        val invitation = sender.createInvitation(InvitationRequest(credential = KEY))
        val store = memoryStore()
        val id = wallet(store = store).acceptInvitation(invitation.shareUrl)
        repeat(3) {
            val woken = wallet(store = store)
            woken.sync(5.seconds)
            assertIs<TransferState.Offered>(woken.transfers().single().state)
        }
        sender.sync(5.seconds)
        sender.invitation(invitation.transfer) // Nobody has used it up.

        val receiver = wallet(store = store)
        receiver.confirm(id)
        receiver.sync(5.seconds)
        sender.sync(5.seconds)
        assertEquals("invitation_used", refused { sender.invitation(invitation.transfer) }.code)
        receiver.sync(5.seconds)
        assertEquals(KEY, receiver.poll(id).events.credentials().single())
    }

    @Test
    fun `no invitation leaves without the sender's user`() = story {
        val asked = mutableListOf<ShareRequest>()
        val answers = ArrayDeque<() -> Boolean>()
        val sender = wallet(
            object : UserApproval {
                override suspend fun approve(request: ShareRequest): Boolean {
                    asked += request
                    return answers.removeFirst()()
                }
            },
        )
        answers += listOf({ false }, { error("locked") }, { true }, { false })
        repeat(2) {
            val request = InvitationRequest(title = "A key")
            assertEquals("not_approved", refused { sender.createInvitation(request) }.code)
            assertTrue(sender.transfers().isEmpty())
            assertEquals(0, relay.mailboxes)
        }
        val invitation = sender.createInvitation(InvitationRequest(title = "A key"))
        assertEquals("not_approved", refused { sender.invitation(invitation.transfer) }.code)
        assertEquals(listOf(false, false, false, true), asked.map { it.again })
        assertEquals(setOf("A key"), asked.map { it.title }.toSet())
    }

    @Test
    fun `a link of this device's own is told as such`() = story {
        val wallet = wallet()
        val invitation = wallet.createInvitation(InvitationRequest())
        assertEquals("own_invitation", refused { wallet.acceptInvitation(invitation.shareUrl) }.code)
    }
}
