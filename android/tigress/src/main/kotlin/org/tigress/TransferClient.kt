package org.tigress

import kotlin.time.Duration
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import org.tigress.bridge.event
import org.tigress.bridge.exception
import org.tigress.bridge.foreign
import org.tigress.bridge.generated
import org.tigress.bridge.library
import org.tigress.bridge.summary
import org.tigress.bridge.translating
import org.tigress.bridge.update
import org.tigress.generated.Observed
import org.tigress.generated.TransferClient as GeneratedClient

/**
 * The interface that wallets call: it carries any number of transfers, as sender and as receiver.
 *
 * Every function may be called from any coroutine and thread, and may be cancelled at any point: what was stored stays, and the
 * same call goes on later. All fail with [TigressException]. An app needs one client, and may close it never. Java has
 * [TransferFutures].
 *
 * @constructor A client over a store and a transport; without one, the built-in transport, where there is one. Touches neither
 *   disk nor network, so that it can be made on the main thread. Fails with `bad_config` for relay URLs that are no origins and
 *   settings that are out of their range, with `no_transport` without a transport where none is built in. The approval asks the
 *   sender's user before an invitation leaves; without, the app has asked before it calls.
 */
public class TransferClient
@JvmOverloads
@Throws(TigressException::class)
constructor(
    config: Config,
    store: TransferStore,
    transport: HttpTransport? = null,
    approval: UserApproval? = null,
) : AutoCloseable {
    private val generated: GeneratedClient =
        translating { GeneratedClient(config.generated(), store.library(), transport?.library(), approval?.let(::foreign)) }

    /**
     * Makes an invitation and the mailbox behind it, and returns when the relay has answered. With the same idempotency key it
     * goes on after a kill, and gives the same invitation again. The user is asked first, where there is an approval: nothing is
     * stored or sent without.
     *
     * Fails with `not_approved` if the user did not agree; `bad_config` without an own relay or with a lifetime over 30 days; `too_large` and `bad_credential` for what is
     * in the request; `closed` if the invitation of this key has been used or has ended; `relay_unreachable`, `relay_refused`,
     * `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    public suspend fun createInvitation(request: InvitationRequest): Invitation =
        translating { Invitation(generated.createInvitation(request.generated())) }

    /** Takes an invitation's link on, as [acceptInvitation] does with the bytes of any form of it. */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("acceptInvitation")
    public suspend fun acceptInvitation(link: String, options: AcceptOptions = AcceptOptions()): TransferId =
        acceptInvitation(link.encodeToByteArray(), options)

    /**
     * Takes an invitation on (the bytes of a `.tigress` file, or a link as text in UTF-8, also in a message that was pasted):
     * claims its mailbox, reads and checks it, and returns when the relay has answered.
     *
     * The state is then [TransferState.Offered]: the app shows its user what it is about ([transfers] has it, also after a kill).
     * Nothing is answered to the sender before [confirm]; until then [decline] gives the invitation back, unused. The same
     * invitation again gives the same transfer. An app that has asked its user before says so in the options; where a PIN is
     * needed the state is then [TransferState.PinRequired].
     *
     * Fails with `bad_invitation`, `untrusted_relay`, `own_invitation`, `expired`, `already_used`, `claimed_by_another`, `no_longer_there`,
     * `bad_mailbox`, `bad_pin`, `pin_downgrade`, `security`, `relay_unreachable`, `relay_refused`, `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("acceptInvitation")
    public suspend fun acceptInvitation(invitation: ByteArray, options: AcceptOptions = AcceptOptions()): TransferId =
        translating { TransferId(generated.acceptInvitation(invitation, options.generated())) }

    /**
     * Receiver: the user wants what is offered, and has typed this [pin], if one is asked for (without it, the state is
     * [TransferState.PinRequired] then, and [providePin] takes it). Nothing is answered to the sender before this, by no poll or
     * sync. Returns when that is stored, and with it the answer, which these deliver. A second time it does no more than
     * [providePin], or nothing.
     *
     * Fails with `not_the_receiver` at a sender, `expired` if it is too late, `bad_pin` for what is no PIN, `pin_not_asked` for a
     * PIN where none is asked for, as [providePin] if it was confirmed before, and with `closed`, `closing`, `unknown_transfer`,
     * `security`, `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("confirm")
    public suspend fun confirm(id: TransferId, pin: String? = null): Unit = translating { generated.confirm(id.value, pin) }

    /**
     * Receiver: the PIN that the user has typed (spaces and hyphens in it are dropped), when the transfer's state is
     * [TransferState.PinRequired]. Returns when the answer to the sender is stored; [events], [poll] and [sync] deliver it.
     * Whether the PIN was right shows in a later event: [TransferEvent.Established] or [TransferEvent.PinRejected]. At most 5
     * PINs are taken in one transfer.
     *
     * Fails with `bad_pin` for what is no PIN, `not_the_receiver` at a sender, `pin_not_asked` if no PIN is asked for now,
     * `wrong_pin` if no try is left, `closed`, `unknown_transfer`, `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("providePin")
    public suspend fun providePin(id: TransferId, pin: String): Unit =
        translating { generated.providePin(id.value, pin) }

    /**
     * The events of a transfer as they happen, from the first that the app has not acknowledged, to its end. The transfer is
     * carried on while somebody collects.
     *
     * An event is acknowledged when the next one is asked for, so that none is lost if the app is killed while it deals with one:
     * it comes again, and the app must not mind. An operator that buffers (`buffer`, `conflate`, `flowOn`, `shareIn`) asks ahead:
     * put none between this flow and the code that keeps what was received.
     *
     * Where the relay can't be reached it is tried again, with longer and longer pauses; [onReachability] is told the reason
     * within 3 seconds, and when it changes, and null when the relay answers again, so that the app can say so. The flow fails with what time alone does not mend, and
     * with the code `already_observed` while somebody else collects the events of this transfer.
     */
    @JvmName("events")
    public fun events(id: TransferId, onReachability: (TigressException?) -> Unit = {}): Flow<TransferEvent> = flow {
        translating {
            generated.observe(id.value).use { observation ->
                while (true) {
                    when (val observed = observation.next() ?: break) {
                        is Observed.Event -> emit(event(observed.event))
                        is Observed.NoAnswer -> onReachability(exception(observed.error))
                        Observed.Answers -> onReachability(null)
                    }
                }
            }
        }
    }

    /**
     * The events after [after], waiting up to [wait] for the first; events up to it are acknowledged and forgotten. Does what the
     * transfer needs of the relay meanwhile; with no wait, one round. [events] is the easier way.
     *
     * Fails with `relay_unreachable` or `relay_refused` if the relay gave no good answer in this time (the transfer goes on with
     * the next poll); `unknown_transfer`, `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("poll")
    public suspend fun poll(
        id: TransferId,
        wait: Duration = Duration.ZERO,
        after: Cursor = Cursor.START,
    ): TransferUpdate = translating { update(generated.poll(id.value, wait, after.number)) }

    /**
     * Queues a credential or an additional message, of either side, from the beginning of the transfer on; gives its number among
     * this side's messages when it is stored. [events], [poll] and [sync] deliver it, once the other side has answered.
     *
     * Fails with `bad_credential`, `too_large`, `queue_full`, `closed`, `closing`, `unknown_transfer`, `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("sendCredential")
    public suspend fun sendCredential(id: TransferId, credential: Credential): Long =
        translating { generated.sendCredential(id.value, credential.generated()).toLong() }

    /**
     * Ends the transfer; returns when that is stored. [events], [poll] and [sync] tell the other side. [TerminateReason.DONE] lets
     * waiting messages leave first; before the two are established nothing can be done, and it cancels.
     *
     * Fails with `closed`, `unknown_transfer`, `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("terminate")
    public suspend fun terminate(id: TransferId, reason: TerminateReason = TerminateReason.DONE): Unit =
        translating { generated.terminate(id.value, reason.generated()) }

    /**
     * Receiver: does not want it. Before anything was answered this gives the invitation back, unused.
     *
     * Fails with `not_the_receiver` at a sender, else as [terminate].
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("decline")
    public suspend fun decline(id: TransferId): Unit = translating { generated.decline(id.value) }

    /**
     * All transfers of the store, ended ones too while their events or tombstones are kept. Those that can't be read are left out,
     * with a warning in the log.
     *
     * Fails with `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    public suspend fun transfers(): List<TransferSummary> = translating { generated.transfers().map(::summary) }

    /**
     * All transfers, as they change: what [transfers] gives, at once and then whenever it is another. Changes that come one after
     * the other may be told together. What another process changes is seen with this client's next change.
     *
     * Fails with `store`, `store_busy`.
     */
    public fun transfersFlow(): Flow<List<TransferSummary>> = flow {
        translating {
            generated.observeTransfers().use { observation ->
                while (true) emit(observation.next().map(::summary))
            }
        }
    }

    /**
     * Forgets an ended transfer before its time: texts, counts, and events that were not acknowledged, with what they hold. That
     * its invitation was answered stays known. What the relay was still to be told is not told any more; its mailbox ends by
     * itself.
     *
     * Fails with `not_ended`, `unknown_transfer`, `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("forget")
    public suspend fun forget(id: TransferId): Unit = translating { generated.forget(id.value) }

    /**
     * One round for every transfer, without waiting for anything to happen: for push wake-ups and background work. Stops after
     * [deadline].
     *
     * Fails with the first failure, after all transfers were tried; the others go on.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("sync")
    public suspend fun sync(deadline: Duration): Unit = translating { generated.sync(deadline) }

    /**
     * Sets where the relay's push gateway can wake this device; told to the relay with the next write.
     *
     * Fails with `unknown_transfer`, `store`, `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("setNotificationToken")
    public suspend fun setNotificationToken(id: TransferId, token: NotificationToken?): Unit =
        translating { generated.setNotificationToken(id.value, token?.generated()) }

    /**
     * The sender's invitation, as long as nobody has answered it. The user is asked first, as for a new one.
     *
     * Fails with `not_approved` if the user did not agree, with `invitation_used` once it was answered, with `closed` once it has ended, and with `unknown_transfer`, `store`,
     * `store_busy`.
     */
    @Throws(TigressException::class, CancellationException::class)
    @JvmName("invitation")
    public suspend fun invitation(id: TransferId): Invitation =
        translating { Invitation(generated.invitation(id.value)) }

    /** Frees the library's part. Calls that are under way end; calls after it fail. Clients that are not closed are freed with the object. */
    override fun close(): Unit = generated.close()
}
