package org.example.wallet

import kotlinx.coroutines.runBlocking
import org.tigress.Config
import org.tigress.InMemoryRelay
import org.tigress.InvitationRequest
import org.tigress.TigressException
import org.tigress.TransferClient
import org.tigress.memoryStore
import org.tigress.parseInvitation
import uniffi.other_sdk.Greeter
import uniffi.other_sdk.GreetingException
import uniffi.other_sdk.Words

/** What an app does with two Rust SDKs at once: objects, callbacks, async functions and errors of both. */
suspend fun both(): List<String> {
    val relay = InMemoryRelay()
    val client = TransferClient(Config(relay.origin), memoryStore(), relay.transport)
    // In the callback of the one SDK the other is called.
    val words =
        object : Words {
            override suspend fun words(name: String): String {
                val invitation = client.createInvitation(InvitationRequest(title = "For $name"))
                val isReadBack = parseInvitation(invitation.shareUrl).relay == relay.origin
                return "$name is invited: $isReadBack"
            }
        }
    val greeter = Greeter(words)
    val said = listOf("Ada", "Ben").map { greeter.greet(it) }.map { "${it.number}: ${it.words}" }
    val theirs = runCatching { greeter.greet("") }.exceptionOrNull() is GreetingException.Nobody
    val ours = runCatching { client.acceptInvitation("no link") }.exceptionOrNull() is TigressException
    return said + "mailboxes: ${relay.mailboxes}" + "errors: $theirs, $ours"
}

fun main() = runBlocking { both().forEach(::println) }
