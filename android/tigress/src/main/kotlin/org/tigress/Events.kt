package org.tigress

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/**
 * The events of a transfer as they happen, from the first that the app has not acknowledged, to its end. The transfer is
 * carried on while somebody collects.
 *
 * An event is acknowledged when the next one is asked for, so that none is lost if the app is killed while it deals with one:
 * it comes again, and the app must not mind. An operator that buffers (`buffer`, `conflate`, `flowOn`, `shareIn`) asks ahead:
 * put none between this flow and the code that keeps what was received.
 *
 * Where the relay can't be reached it is tried again, with longer and longer pauses; [whenUnreachable] is told the reason
 * within 3 seconds, and when it changes, so that the app can say so. The flow fails with what time alone does not mend, and
 * with the code `already_observed` while somebody else collects the events of this transfer.
 */
public fun TransferClient.events(
    id: TransferId,
    whenUnreachable: (TigressException) -> Unit = {},
): Flow<TransferEvent> = flow {
    observe(id).use { observation ->
        while (true) {
            when (val observed = observation.next() ?: break) {
                is Observed.Event -> emit(observed.event)
                is Observed.NoAnswer -> whenUnreachable(observed.error)
            }
        }
    }
}
