package org.tigress

import java.time.Instant
import org.tigress.bridge.preview
import org.tigress.bridge.translating
import org.tigress.generated.parseInvitation as generatedParse

/**
 * What an invitation says, before any network is touched. Holds no secret.
 *
 * @property relay The relay's origin, such as `https://relay.example`.
 * @property mailbox The mailbox's id, a UUID.
 * @property vertical What kind of credential it is.
 * @property pinRequired Whether the user must type a PIN.
 * @property title The sender's title; only a file has one before it is accepted.
 * @property description The sender's description; only a file has one before it is accepted.
 * @property sender What the sender calls itself; only a file says so before it is accepted.
 * @property format The format of the credential that is to come; only a file says so before it is accepted.
 * @property imageUrl An https image of the sender's choice; nothing here fetches it.
 * @property expiresAt When the invitation expires; only a file says so.
 */
public class InvitationPreview
internal constructor(
    public val relay: String,
    public val mailbox: String,
    public val vertical: Vertical,
    public val pinRequired: Boolean,
    public val title: PeerText?,
    public val description: PeerText?,
    public val sender: PeerText?,
    public val format: String?,
    public val imageUrl: String?,
    public val expiresAt: Instant?,
    private val firstToken: ByteArray?,
    private val mechanism: ByteArray?,
) {
    /** The first context token; only a file may have one. */
    public val token: ByteArray? get() = firstToken?.clone()

    /** The token's mechanism: the content of its object identifier, without tag and length. */
    public val mechanismOid: ByteArray? get() = mechanism?.clone()

    override fun toString(): String = "InvitationPreview($relay, $vertical, pinRequired=$pinRequired)"
}

/**
 * Reads an invitation, without network: the bytes of a `.tigress` file, or a link as text in UTF-8, also in a message that was
 * pasted.
 *
 * Fails with `bad_invitation`, which says precisely what is wrong and holds none of the input.
 */
@Throws(TigressException::class)
public fun parseInvitation(invitation: ByteArray): InvitationPreview = translating { preview(generatedParse(invitation)) }

/** Reads an invitation's link, as [parseInvitation] reads any form of it. */
@Throws(TigressException::class)
public fun parseInvitation(link: String): InvitationPreview = parseInvitation(link.encodeToByteArray())
