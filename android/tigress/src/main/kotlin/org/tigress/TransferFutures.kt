package org.tigress

import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.time.toKotlinDuration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.future.future

/**
 * A [TransferClient] for Java: each function as there, with a future. Cancelling a future cancels its call. What it fails with is a
 * [TigressException], which `get` wraps as futures do. Ids are their texts.
 */
public class TransferFutures(private val client: TransferClient) : AutoCloseable {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    /** As [TransferClient.createInvitation]. */
    public fun createInvitation(request: InvitationRequest): CompletableFuture<Invitation> =
        scope.future { client.createInvitation(request) }

    /** As [TransferClient.acceptInvitation], with a link. */
    @JvmOverloads
    public fun acceptInvitation(link: String, options: AcceptOptions = AcceptOptions()): CompletableFuture<String> =
        scope.future { client.acceptInvitation(link, options).value }

    /** As [TransferClient.acceptInvitation], with the bytes of any form of an invitation. */
    @JvmOverloads
    public fun acceptInvitation(invitation: ByteArray, options: AcceptOptions = AcceptOptions()): CompletableFuture<String> =
        scope.future { client.acceptInvitation(invitation, options).value }

    /** As [TransferClient.confirm]. */
    @JvmOverloads
    public fun confirm(id: String, pin: String? = null): CompletableFuture<Void?> = void { client.confirm(TransferId(id), pin) }

    /** As [TransferClient.providePin]. */
    public fun providePin(id: String, pin: String): CompletableFuture<Void?> = void { client.providePin(TransferId(id), pin) }

    /**
     * As [TransferClient.events]: [listener] is told each event on a thread of its own, one after the other, and an event is
     * acknowledged when it returns. The future completes after the last; it fails with what the listener throws, whose event
     * comes again.
     */
    public fun events(id: String, listener: TransferListener): CompletableFuture<Void?> = void {
        client.events(TransferId(id), listener::onReachability).collect { listener.onEvent(it) }
    }

    /** As [TransferClient.sendCredential]. */
    public fun sendCredential(id: String, credential: Credential): CompletableFuture<Long> =
        scope.future { client.sendCredential(TransferId(id), credential) }

    /** As [TransferClient.terminate]. */
    @JvmOverloads
    public fun terminate(id: String, reason: TerminateReason = TerminateReason.DONE): CompletableFuture<Void?> =
        void { client.terminate(TransferId(id), reason) }

    /** As [TransferClient.decline]. */
    public fun decline(id: String): CompletableFuture<Void?> = void { client.decline(TransferId(id)) }

    /** As [TransferClient.transfers]. */
    public fun transfers(): CompletableFuture<List<TransferSummary>> = scope.future { client.transfers() }

    /** As [TransferClient.forget]. */
    public fun forget(id: String): CompletableFuture<Void?> = void { client.forget(TransferId(id)) }

    /** As [TransferClient.sync]. */
    public fun sync(deadline: Duration): CompletableFuture<Void?> = void { client.sync(deadline.toKotlinDuration()) }

    /** As [TransferClient.setNotificationToken]. */
    public fun setNotificationToken(id: String, token: NotificationToken?): CompletableFuture<Void?> =
        void { client.setNotificationToken(TransferId(id), token) }

    /** As [TransferClient.invitation]. */
    public fun invitation(id: String): CompletableFuture<Invitation> = scope.future { client.invitation(TransferId(id)) }

    /** Ends the calls that are under way, and closes the client. */
    override fun close() {
        scope.cancel()
        client.close()
    }

    private fun void(call: suspend () -> Unit): CompletableFuture<Void?> =
        scope.future {
            call()
            null
        }
}

/** Is told what happens in a transfer: [TransferFutures.events]. */
public interface TransferListener {
    /** Something happened. */
    @Throws(Exception::class)
    public fun onEvent(event: TransferEvent)

    /** The relay does not answer, and is tried on; null when it answers again. */
    public fun onReachability(error: TigressException?) {}
}
