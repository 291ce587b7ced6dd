package org.tigress.peer

import java.io.File
import kotlin.system.exitProcess
import kotlinx.coroutines.flow.lastOrNull
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.runBlocking
import org.tigress.AcceptOptions
import org.tigress.Credential
import org.tigress.InvitationRequest
import org.tigress.Outcome
import org.tigress.TerminateReason
import org.tigress.TigressException
import org.tigress.TransferClient
import org.tigress.TransferEvent
import org.tigress.TransferId

/**
 * Sends or receives one file over the Android library, with the options, the JSON lines and the exit codes of `tigress send` and
 * `tigress receive` (docs/cli.md) that scripts/pairs uses.
 *
 *     send FILE --relay URL --out DIR --state DIR --json
 *     receive URL --relay-trust URL --out FILE --reply FILE --state DIR --json
 */
fun main(arguments: Array<String>) {
    val code =
        try {
            val words = Words(arguments.asList())
            val outcome = runBlocking { words.client().use { Peer(words, it).run() } }
            if (outcome == Outcome.Completed) 0 else 3
        } catch (error: Misused) {
            System.err.println(error.message)
            2
        } catch (error: TigressException) {
            say("error", "code" to error.code, "reason" to "$error")
            1
        }
    // Idle threads of the transport may stay for some seconds.
    exitProcess(code)
}

private class Peer(private val words: Words, private val client: TransferClient) {
    suspend fun run(): Outcome? = if (words.command == "send") send() else receive()

    private suspend fun send(): Outcome? {
        val invitation = client.createInvitation(InvitationRequest(credential = credential(words.subject)))
        val id = invitation.transfer
        val folder = File(words.value("--out")).apply { mkdirs() }
        say("invited", "transfer" to id, "url" to invitation.shareUrl)
        return follow(id) { reply -> folder.resolve("$id-${reply.index}").writeBytes(reply.credential.content) }
    }

    private suspend fun receive(): Outcome? {
        val reply = credential(words.value("--reply"))
        val out = File(words.value("--out"))
        val id = client.acceptInvitation(words.subject, AcceptOptions(confirmed = true))
        say("accepted", "transfer" to id)
        return follow(id) { received ->
            out.writeBytes(received.credential.content)
            client.sendCredential(id, reply)
            client.terminate(id, TerminateReason.DONE)
        }
    }

    /** Carries the transfer to its end, and says what happens. */
    private suspend fun follow(
        id: TransferId,
        received: suspend (TransferEvent.CredentialReceived) -> Unit,
    ): Outcome? {
        val last =
            client
                .events(id)
                .onEach { event ->
                    if (event is TransferEvent.CredentialReceived) received(event)
                    tell(id, event)
                }
                .lastOrNull()
        return (last as? TransferEvent.Closed)?.outcome
    }

    private fun tell(id: TransferId, event: TransferEvent) {
        when (event) {
            TransferEvent.Accepted -> say("accepted", "transfer" to id)
            TransferEvent.Established -> say("established", "transfer" to id)
            is TransferEvent.CredentialDelivered ->
                say("credential_delivered", "transfer" to id, "index" to event.index)
            is TransferEvent.CredentialReceived ->
                say("credential_received", "transfer" to id, "index" to event.index)
            is TransferEvent.Closed ->
                say("closed", "transfer" to id, "outcome" to event.outcome.javaClass.simpleName.lowercase())
            else -> Unit
        }
    }

    private fun credential(path: String) = Credential("application/octet-stream", File(path).readBytes())
}

/** Writes one line, at once. */
private fun say(event: String, vararg values: Pair<String, Any>) {
    val line = listOf("event" to event, *values).joinToString(",", "{", "}") { (key, value) -> "\"$key\":${json(value)}" }
    println(line)
    System.out.flush()
}

private fun json(value: Any): String =
    if (value is ULong) "$value" else "\"" + "$value".replace("\\", "\\\\").replace("\"", "\\\"") + "\""
