package org.tigress

import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** How long one poll waits: after that long without an answer, the relay counts as unreachable. */
private val WAIT = 30.seconds

/**
 * The events of a transfer as they happen, from the first that the app has not acknowledged, to its end. The transfer is
 * carried on while somebody collects.
 *
 * An event is acknowledged when the next one is asked for, so that none is lost if the app is killed while it deals with one:
 * it comes again, and the app must not mind. An operator that buffers (`buffer`, `conflate`, `flowOn`, `shareIn`) asks ahead:
 * put none between this flow and the code that keeps what was received.
 *
 * Where the relay can't be reached the flow tries again, with longer and longer pauses; [whenUnreachable] is told, so that the
 * app can say so. It fails with what [TransferClient.poll] throws else, and with the code `already_observed` while somebody
 * else collects the events of this transfer.
 */
public fun TransferClient.events(
    id: TransferId,
    whenUnreachable: (TigressException) -> Unit = {},
): Flow<TransferEvent> = eventsBy(id, WAIT, whenUnreachable)

/** The same with other waits, for tests. */
internal fun TransferClient.eventsBy(
    id: TransferId,
    wait: Duration,
    whenUnreachable: (TigressException) -> Unit,
): Flow<TransferEvent> = flow {
    val observation = observe(id)
    try {
        var given = 0UL
        while (true) {
            val update = pollPatiently(id, wait, given, whenUnreachable)
            val event = update.events.firstOrNull()
            if (event != null) {
                emit(event)
                given = update.cursor - (update.events.size - 1).toULong()
            } else if (update.state is TransferState.Closed) {
                break
            }
        }
    } finally {
        observation.end()
        observation.close()
    }
}

/** One poll; again, later, after failures that time alone may mend. */
private suspend fun TransferClient.pollPatiently(
    id: TransferId,
    wait: Duration,
    after: ULong,
    whenUnreachable: (TigressException) -> Unit,
): TransferUpdate {
    var pause = FIRST_PAUSE
    while (true) {
        try {
            return poll(id, wait, after)
        } catch (error: TigressException) {
            if (!error.passes()) throw error
            whenUnreachable(error)
            delay(maxOf(pause, error.retryAfter() ?: Duration.ZERO))
        }
        pause = minOf(pause * 2, LONGEST_PAUSE)
    }
}

private val FIRST_PAUSE: Duration = 1.seconds
private val LONGEST_PAUSE: Duration = 30.seconds

/** Whether time alone may mend it. A store that fails may be mended too, but not by waiting. */
private fun TigressException.passes(): Boolean =
    when (this) {
        is TigressException.RelayUnreachable,
        is TigressException.RelayRefused,
        is TigressException.StoreBusy,
        -> isRetryable()
        else -> false
    }
