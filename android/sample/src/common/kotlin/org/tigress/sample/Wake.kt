package org.tigress.sample

import java.io.IOException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import org.tigress.Credential
import org.tigress.NotificationToken
import org.tigress.TigressException
import org.tigress.TransferClient
import org.tigress.TransferEvent
import org.tigress.TransferId
import org.tigress.TransferRole
import org.tigress.TransferState
import org.tigress.TransferSummary

/** Tells the relay, for each transfer that goes on, where it can wake this phone. */
suspend fun register(client: TransferClient, token: NotificationToken) {
    val open = client.transfers().filter { it.state !is TransferState.Closed }
    open.forEach { client.setNotificationToken(it.id, token) }
}

/**
 * What a wake-up did.
 *
 * @property news The transfers that want their user's eye.
 * @property again Whether it should be tried again later.
 */
data class Woken(val news: List<TransferSummary>, val again: Boolean)

/**
 * One round for all transfers, without a screen: after a push, or from time to time. What arrives is kept and acknowledged. It may
 * run beside the model: both keep the same.
 */
suspend fun wake(client: TransferClient, wallet: Wallet, within: Duration = 20.seconds): Woken {
    val before = client.transfers().associate { it.id to it.state }
    var again = false
    try {
        client.sync(within)
        val arrived = client.transfers().filter { it.role == TransferRole.RECEIVER && it.received > 0 && it.id !in wallet.kept() }
        for (transfer in arrived) receive(client, wallet, transfer)
        if (arrived.isNotEmpty()) client.sync(within)
    } catch (error: TigressException) {
        again = error.isRetryable
    } catch (_: IOException) {
        again = true
    }
    val news = client.transfers().filter { it.state != before[it.id] && (it.state in ASKING || it.state is TransferState.Closed) }
    return Woken(news, again)
}

/** The receiver needs no more than one credential; that it is over already is as well. */
suspend fun receiveNoMore(client: TransferClient, id: TransferId) {
    try {
        client.terminate(id)
    } catch (error: TigressException) {
        if (error.code != "closed" && error.code != "closing") throw error
    }
}

/** A credential with the name that its sender gave. */
fun named(transfer: TransferSummary?, credential: Credential): Owned =
    Owned(transfer?.title?.shown.orEmpty().ifEmpty { credential.format }, credential, transfer?.mayBePassedOn == true)

private val ASKING = listOf(TransferState.Offered, TransferState.PinRequired)

private suspend fun receive(client: TransferClient, wallet: Wallet, transfer: TransferSummary) {
    for (event in client.poll(transfer.id).events) {
        if (event !is TransferEvent.CredentialReceived) continue
        wallet.keep(transfer.id, named(transfer, event.credential))
        receiveNoMore(client, transfer.id)
    }
}
