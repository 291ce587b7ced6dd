package org.tigress.sample

import android.app.Application
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.viewModelScope
import java.io.File
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.tigress.AcceptOptions
import org.tigress.Authenticity
import org.tigress.Credential
import org.tigress.InvitationPreview
import org.tigress.Outcome
import org.tigress.TerminateReason
import org.tigress.TigressException
import org.tigress.TransferEvent
import org.tigress.TransferId
import org.tigress.TransferRole
import org.tigress.TransferState
import org.tigress.TransferSummary
import org.tigress.events
import org.tigress.parseInvitation

/** What the screen shows. */
sealed interface Screen {
    /** Nothing is going on. */
    data object Empty : Screen

    /** The relay is one that the wallet does not know. */
    data class AskTrust(val host: String, val relay: String) : Screen

    /** The user is asked whether to take it. */
    data class Offered(val title: String?, val description: String?, val altered: Boolean) : Screen

    /** The user must type the PIN. */
    data class Pin(val triesLeft: Int?) : Screen

    /** Under way. */
    data class Working(val unreachable: Boolean = false) : Screen

    /** The end. */
    data class Ended(val outcome: Outcome, val received: Credential?) : Screen

    /** It could not begin. */
    data class Failed(val code: String) : Screen
}

/** Receives one credential: from the invitation to the end. */
class ReceiveModel(private val app: Application) : AndroidViewModel(app) {
    private val client = (app as SampleWallet).client
    private val shown = MutableStateFlow<Screen>(Screen.Empty)
    private var invitation: ByteArray? = null
    private var transfer: TransferId? = null
    private var received: Credential? = null

    /** What the screen shows. */
    val screen: StateFlow<Screen> = shown.asStateFlow()

    init {
        attempt {
            // What was begun before the app was ended goes on.
            val pending = client.transfers().firstOrNull { it.role == TransferRole.RECEIVER && it.state !is TransferState.Closed }
            when {
                pending == null -> Unit
                pending.state is TransferState.Offered -> offer(pending)
                else -> watch(pending.id)
            }
        }
    }

    /** A link or a file was opened. */
    fun open(bytes: ByteArray): Unit = attempt {
        invitation = bytes
        accept(parseInvitation(bytes), AcceptOptions())
    }

    /** The user trusts the relay, this once. */
    fun trust(relay: String): Unit = attempt {
        val bytes = invitation ?: return@attempt
        accept(parseInvitation(bytes), AcceptOptions(trust = relay))
    }

    private suspend fun accept(preview: InvitationPreview, options: AcceptOptions) {
        shown.value = Screen.Working()
        val id =
            try {
                client.acceptInvitation(checkNotNull(invitation), options)
            } catch (error: TigressException) {
                val host = error.host ?: throw error
                shown.value = Screen.AskTrust(host, preview.relay)
                return
            }
        val accepted = client.transfers().first { it.id == id }
        // The link of a transfer that goes on already leads back to it.
        if (accepted.state is TransferState.Offered) offer(accepted) else watch(id)
    }

    /** What the user has not decided yet is asked, again after the app was ended. */
    private fun offer(summary: TransferSummary) {
        transfer = summary.id
        shown.value =
            Screen.Offered(
                summary.title.shown.ifEmpty { null },
                summary.description.shown.ifEmpty { null },
                altered = summary.authenticity == Authenticity.ALTERED,
            )
    }

    /** The user takes it. */
    fun take(): Unit = attempt {
        val id = transfer ?: return@attempt
        client.confirm(id)
        watch(id)
    }

    /** The user does not want it. */
    fun decline(): Unit = attempt {
        val id = transfer ?: return@attempt
        client.decline(id)
        watch(id)
    }

    /** The user has typed the PIN. */
    fun pin(typed: String): Unit = attempt {
        shown.value = Screen.Working()
        transfer?.let { client.providePin(it, typed) }
    }

    /** Back to the beginning. */
    fun reset() {
        invitation = null
        transfer = null
        received = null
        shown.value = Screen.Empty
    }

    private suspend fun watch(id: TransferId) {
        transfer = id
        shown.value = Screen.Working()
        client.events(id) { shown.value = Screen.Working(unreachable = it != null) }.collect { event -> handle(id, event) }
    }

    private suspend fun handle(id: TransferId, event: TransferEvent) {
        when (event) {
            is TransferEvent.PinRequired -> shown.value = Screen.Pin(null)
            is TransferEvent.PinRejected -> shown.value = Screen.Pin(event.triesLeft)
            is TransferEvent.CredentialReceived -> {
                // Kept before it is acknowledged, which happens when this returns.
                keep(id, event.credential)
                received = event.credential
                client.terminate(id, TerminateReason.DONE)
            }
            is TransferEvent.Closed -> shown.value = Screen.Ended(event.outcome, received)
            else -> shown.value = Screen.Working()
        }
    }

    /** A real wallet hands it to whatever provisions it. */
    private suspend fun keep(id: TransferId, credential: Credential): Unit =
        withContext(Dispatchers.IO) { File(app.noBackupFilesDir, "$id.credential").writeBytes(credential.content) }

    private fun attempt(action: suspend () -> Unit) {
        viewModelScope.launch {
            try {
                action()
            } catch (error: TigressException) {
                shown.value = Screen.Failed(error.code)
            }
        }
    }
}
