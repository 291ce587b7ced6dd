package org.tigress

/**
 * Asks the sender's user, such as by BiometricPrompt, before an invitation leaves this device and before one is shown again. May
 * take as long as that takes.
 */
public fun interface UserApproval {
    /** Whether the user agrees. Whatever is thrown is a no. */
    public suspend fun approve(request: ShareRequest): Boolean
}

/**
 * What the sender's user is asked for: whoever gets the link can take the credential. Printed, it shows its transfer alone.
 *
 * @property transfer The transfer.
 * @property title The invitation's title, as this app gave it.
 * @property again The invitation was made before, and is to be shown again.
 */
public data class ShareRequest(@get:JvmName("getTransfer") val transfer: TransferId, val title: String, val again: Boolean) {
    override fun toString(): String = "ShareRequest($transfer)"
}
