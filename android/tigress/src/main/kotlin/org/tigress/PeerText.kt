package org.tigress

/**
 * A text from the other side of a transfer, such as a title: to be shown as theirs, never as the app's own. Printed, it is what
 * is shown.
 *
 * @property shown In one line, without characters that could disguise it: for showing.
 * @property raw As it came: not for showing.
 */
public data class PeerText(val shown: String, val raw: String) {
    override fun toString(): String = shown
}

/** Whose word the texts of an invitation are. */
public enum class Authenticity {
    /** The sender's own: its first token says so, or this device is the sender. */
    AUTHENTIC,

    /** Nobody knows: the first token says nothing of them. Whoever runs the relay may have written them. */
    UNBOUND,

    /**
     * Not the sender's: what it has written was changed on the way, and what came instead is not kept. The texts are empty, and
     * there is no image.
     */
    ALTERED,
}
