package org.tigress

import org.tigress.bridge.LibraryTransport
import org.tigress.bridge.translating
import org.tigress.generated.InMemoryRelay as GeneratedRelay

/**
 * A relay in memory, for a wallet's own tests: whole transfers without a network. Give the clients its [transport], and its
 * [origin] as their relay.
 *
 * @constructor One without mailboxes. Fails with `no_transport` where it is left out, as in the library for phones.
 */
public class InMemoryRelay {
    private val generated = translating { GeneratedRelay() }

    /** The relay's origin, for [Config.relay]. */
    public val origin: String = generated.origin()

    /** The way to this relay, and to no other. */
    public val transport: HttpTransport = LibraryTransport(generated.transport())

    /** How many mailboxes there are. */
    public val mailboxes: Int get() = generated.mailboxes().toInt()
}
