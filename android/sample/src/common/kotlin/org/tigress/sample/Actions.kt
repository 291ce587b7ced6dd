package org.tigress.sample

import org.tigress.TransferId

/** What the user can ask for. */
interface Actions {
    /** A link or a file was opened, scanned or pasted. */
    fun open(invitation: ByteArray)

    /** The relay of what was opened is to be trusted, this once. */
    fun trust()

    /** What is offered is wanted. */
    fun take()

    /** What is offered is not wanted. */
    fun decline()

    /** The PIN, as it was typed. */
    fun pin(typed: String)

    /** Something is to be given. */
    fun send()

    /** What is to be given has changed. */
    fun edit(draft: Draft)

    /** What is to be given shall leave. */
    fun share()

    /** The link is to be shown again. */
    fun show()

    /** What nobody has got yet is taken back. */
    fun takeBack()

    /** A QR code is to be scanned, or a link pasted. */
    fun scan()

    /** One transfer is to be shown. */
    fun look(id: TransferId)

    /** To the list. What goes on does so there. */
    fun back()

    /** One that is over is to leave the list. */
    fun forget()

    /** Again, after what may pass; also when the user has come back to the app. */
    fun retry()
}

/** What only the phone can do for a screen. */
interface Phone {
    /** Opens the share sheet with a link. */
    fun shareLink(link: String)

    /** Opens the share sheet with a `.tigress` file. */
    fun shareFile(file: ByteArray)

    /** Looks for a QR code with the camera; what it finds is opened. */
    fun startCamera()
}
