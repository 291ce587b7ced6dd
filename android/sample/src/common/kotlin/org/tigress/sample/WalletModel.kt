package org.tigress.sample

import java.io.IOException
import java.util.UUID
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import org.tigress.AcceptOptions
import org.tigress.InvitationRequest
import org.tigress.NotificationToken
import org.tigress.TerminateReason
import org.tigress.TigressException
import org.tigress.TransferClient
import org.tigress.TransferEvent
import org.tigress.TransferId
import org.tigress.parseInvitation

/**
 * What the wallet shows, and what its buttons do. It carries all transfers at once, each by its own id. Knows no view.
 *
 * @param scope Of one thread, such as the main one; cancelled, the model ends. Another one over the same stores goes on.
 * @param disk Where the wallet's files are written.
 * @param pause Until a credential that could not be written is tried again by itself.
 * @param pushToken Where the relay can wake this phone, for what begins.
 */
class WalletModel(
    private val client: TransferClient,
    private val wallet: Wallet,
    private val scope: CoroutineScope,
    private val disk: CoroutineContext = Dispatchers.IO,
    private val pause: Duration = 10.seconds,
    private val pushToken: () -> NotificationToken? = { null },
) : Actions {
    private val shown = MutableStateFlow(WalletState())
    private val watched = mutableMapOf<TransferId, Job>()
    private val again = MutableSharedFlow<Unit>()

    /** What the screen shows. */
    val state: StateFlow<WalletState> = shown.asStateFlow()

    init {
        scope.launch {
            restore()
            launch { save() }
            carry()
        }
    }

    override fun open(invitation: ByteArray) {
        go(Place.Opening(invitation))
        accept()
    }

    override fun trust() {
        val invitation = (shown.value.place as? Place.Opening)?.invitation ?: return
        // It was read before: only then its relay is asked about.
        go(Place.Opening(invitation, parseInvitation(invitation).relay))
        accept()
    }

    override fun take(): Unit = ofTransfer { client.confirm(it) }

    override fun decline(): Unit = ofTransfer {
        client.decline(it)
        leave(it)
    }

    override fun pin(typed: String) {
        val entry = PinEntry.of(typed)
        if (entry.problem == null) ofTransfer { client.providePin(it, entry.digits) }
    }

    override fun send() {
        val name = shown.value.owned.firstOrNull()?.name.orEmpty()
        go(Place.Send(Draft(UUID.randomUUID().toString(), name, title = name)))
    }

    override fun edit(draft: Draft): Unit = shown.update { it.copy(place = Place.Send(draft)) }

    override fun share() {
        val from = shown.value.place
        val draft = (from as? Place.Send)?.draft ?: return
        val owned = shown.value.owned.firstOrNull { it.name == draft.name } ?: return
        call {
            val request =
                InvitationRequest(
                    title = draft.title,
                    description = draft.note,
                    sender = draft.sender,
                    mayBePassedOn = draft.mayBePassedOn,
                    pin = draft.pin,
                    credential = owned.credential,
                    idempotencyKey = draft.key,
                    notificationToken = pushToken(),
                )
            val invitation = client.createInvitation(request)
            shown.update { it.copy(invitation = invitation) }
            arrive(from, invitation.transfer)
        }
    }

    override fun show(): Unit = ofTransfer { id ->
        val invitation = client.invitation(id)
        shown.update { it.copy(invitation = invitation) }
    }

    override fun takeBack(): Unit = ofTransfer { client.terminate(it, TerminateReason.CANCELLED) }

    override fun scan(): Unit = go(Place.Scan)

    override fun look(id: TransferId): Unit = go(Place.Transfer(id))

    override fun back(): Unit = go(Place.List)

    override fun forget(): Unit = ofTransfer {
        client.forget(it)
        leave(it)
    }

    override fun retry() {
        shown.update { it.copy(trouble = null) }
        shown.value.notes.filterValues { it.trouble != null }.keys.forEach { if (watched[it]?.isActive == false) watch(it) }
        scope.launch { again.emit(Unit) }
        if ((shown.value.place as? Place.Opening)?.trouble?.mayPass == true) accept()
    }

    private suspend fun restore() {
        val (saved, kept, owned) =
            withContext(disk) {
                Triple(read(emptyMap()) { wallet.saved() }, read(emptySet()) { wallet.kept() }, read(emptyList()) { wallet.owned() })
            }
        val (place, tries) = Saved.of(saved)
        val isOpened = shown.value.place != Place.List
        shown.update { it.copy(kept = kept, owned = owned, notes = tries.mapValues { left -> Note(left.value) }) }
        // The link that has opened the app is where its user is now.
        if (isOpened) return
        shown.update { it.copy(place = place) }
        if ((place as? Place.Opening)?.trouble == null) accept()
    }

    /** Keeps where the user is, when that changes. */
    private suspend fun save(): Unit =
        shown.filter { it.isReady }.map { it.saved }.distinctUntilChanged().conflate().collect { saved ->
            withContext(disk) { read(Unit) { wallet.save(saved.texts()) } }
        }

    /** Follows each transfer, for as long as there is the model. */
    private suspend fun carry() {
        while (true) {
            try {
                client.transfersFlow().collect { all ->
                    shown.update { it.copy(isReady = true, transfers = all) }
                    all.forEach { if (it.id !in watched) watch(it.id) }
                }
            } catch (error: TigressException) {
                shown.update { it.copy(isReady = true, trouble = Trouble.of(error)) }
                again.first()
            }
        }
    }

    private fun watch(id: TransferId) {
        watched[id] =
            scope.launch {
                try {
                    note(id) { copy(trouble = null) }
                    val events = client.events(id) { error -> note(id) { copy(isUnreachable = error != null) } }
                    events.collect { handle(id, it) }
                } catch (error: TigressException) {
                    note(id) { copy(trouble = Trouble.of(error)) }
                }
            }
    }

    private suspend fun handle(id: TransferId, event: TransferEvent) {
        when (event) {
            is TransferEvent.PinRejected -> note(id) { copy(triesLeft = event.triesLeft) }
            is TransferEvent.CredentialReceived -> {
                // Acknowledged when this returns: only what is kept.
                keep(id, event)
                receiveNoMore(client, id)
            }
            else -> Unit
        }
    }

    private suspend fun keep(id: TransferId, event: TransferEvent.CredentialReceived) {
        val received = named(shown.value.transfers.firstOrNull { it.id == id }, event.credential)
        while (true) {
            try {
                withContext(disk) { wallet.keep(id, received) }
                break
            } catch (_: IOException) {
                note(id) { copy(trouble = Trouble(Failure.NOT_KEPT)) }
                withTimeoutOrNull(pause) { again.first() }
            }
        }
        note(id) { copy(trouble = null) }
        val owned = withContext(disk) { read(shown.value.owned) { wallet.owned() } }
        shown.update { it.copy(kept = it.kept + id, owned = owned) }
    }

    private fun accept() {
        val failed = shown.value.place as? Place.Opening ?: return
        val place = Place.Opening(failed.invitation, failed.trust)
        go(place)
        call {
            val options = AcceptOptions(notificationToken = pushToken(), trust = place.trust)
            arrive(place, client.acceptInvitation(place.invitation, options))
        }
    }

    /** The list is read first: else the screen would know nothing of the new one. */
    private suspend fun arrive(from: Place, id: TransferId) {
        val all = client.transfers()
        shown.update { if (it.place === from) it.copy(place = Place.Transfer(id), transfers = all, isBusy = false) else it }
    }

    private fun go(place: Place): Unit =
        shown.update { it.copy(place = place, isBusy = false, trouble = null, invitation = null) }

    /** To the list, if the user is still there. */
    private fun leave(id: TransferId) {
        if (shown.value.place == Place.Transfer(id)) go(Place.List)
    }

    private fun ofTransfer(action: suspend (TransferId) -> Unit) {
        val id = (shown.value.place as? Place.Transfer)?.id ?: return
        call {
            action(id)
            // Read before the call is over: the same screen would come back for a moment.
            val all = client.transfers()
            shown.update { it.copy(transfers = all) }
        }
    }

    /** What the user has asked for is done wherever they go meanwhile. What it fails with is shown if they are still there. */
    private fun call(action: suspend () -> Unit) {
        val from = shown.value.place
        shown.update { it.copy(isBusy = true, trouble = null) }
        scope.launch {
            val trouble =
                try {
                    action()
                    null
                } catch (error: TigressException) {
                    Trouble.of(error)
                }
            shown.update { if (it.place === from) it.ended(trouble) else it }
        }
    }

    private fun WalletState.ended(trouble: Trouble?): WalletState =
        if (trouble != null && place is Place.Opening) {
            copy(place = place.failed(trouble), isBusy = false)
        } else {
            copy(trouble = trouble, isBusy = false)
        }

    private fun note(id: TransferId, change: Note.() -> Note): Unit =
        shown.update { it.copy(notes = it.notes + (id to (it.notes[id] ?: Note()).change())) }

    private fun <T> read(otherwise: T, action: () -> T): T =
        try {
            action()
        } catch (_: IOException) {
            otherwise
        }
}
