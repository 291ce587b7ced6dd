package org.tigress.peer

import java.security.SecureRandom
import org.tigress.Config
import org.tigress.TransferClient
import org.tigress.directoryStore
import org.tigress.support.androidTransport

/** The words of the command: what to do, with what, and the options. */
class Words(words: List<String>) {
    val command: String

    /** What is sent, or the invitation. */
    val subject: String
    private val values = mutableMapOf<String, String>()

    init {
        if (words.size < 2 || words[0] !in setOf("send", "receive")) throw Misused("usage: send FILE … | receive URL …")
        command = words[0]
        subject = words[1]
        val rest = words.drop(2).iterator()
        while (rest.hasNext()) {
            val option = rest.next()
            // Nothing else is spoken here.
            if (option == "--json" || option == "--yes") continue
            if (!rest.hasNext()) throw Misused("$option needs a value")
            values[option] = rest.next()
        }
    }

    fun value(option: String): String = values[option] ?: throw Misused("$option is missing")

    /** A client with the platform's own transport; its records are sealed with a key that ends with this process. */
    fun client(): TransferClient {
        val config =
            if (command == "send") {
                Config(relay = value("--relay"), allowLoopbackHttp = true)
            } else {
                Config(trustedRelays = listOf(value("--relay-trust")), allowLoopbackHttp = true)
            }
        val key = ByteArray(32).also { SecureRandom().nextBytes(it) }
        return TransferClient(config, directoryStore(value("--state"), key), androidTransport(connect = 10, answer = 20))
    }
}

/** The command was not used as it can be. */
class Misused(message: String) : Exception(message)
