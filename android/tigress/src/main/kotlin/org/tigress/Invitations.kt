package org.tigress

/**
 * Reads an invitation's link, as [parseInvitation] reads any form of it.
 *
 * Fails with `bad_invitation`.
 */
public fun parseInvitation(link: String): InvitationPreview = parseInvitation(link.encodeToByteArray())

/** Takes an invitation's link on, as [TransferClient.acceptInvitation] does with the bytes of any form of it. */
public suspend fun TransferClient.acceptInvitation(
    link: String,
    options: AcceptOptions = AcceptOptions(),
): TransferId = acceptInvitation(link.encodeToByteArray(), options)
