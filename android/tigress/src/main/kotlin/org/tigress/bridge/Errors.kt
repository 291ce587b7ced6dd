package org.tigress.bridge

import kotlin.time.toKotlinDuration
import kotlinx.coroutines.CancellationException
import org.tigress.StoreException
import org.tigress.TigressException
import org.tigress.TransportException
import org.tigress.generated.StoreException as GeneratedStoreException
import org.tigress.generated.TigressException as GeneratedException
import org.tigress.generated.TransportException as GeneratedTransportException

/** Runs a call of the generated code and gives its error the form that apps see. */
internal inline fun <T> translating(call: () -> T): T =
    try {
        call()
    } catch (error: GeneratedException.Failed) {
        throw exception(error)
    }

internal fun exception(error: GeneratedException): TigressException {
    val failed = error as GeneratedException.Failed
    return TigressException(
        code = failed.code,
        isRetryable = failed.retryable,
        message = failed.reason,
        what = failed.what,
        host = failed.host,
        failure = failed.failure?.let(::failure),
        status = failed.status?.toInt(),
        retryAfter = failed.retryAfter,
        outcome = failed.outcome?.let(::outcome),
        triesLeft = failed.triesLeft?.toInt(),
        majorStatus = failed.majorStatus?.toLong(),
        minorStatus = failed.minorStatus?.toLong(),
        cause = null,
    )
}

/** The same for the library's own stores, used by an app. */
internal inline fun <T> storing(call: () -> T): T =
    try {
        call()
    } catch (error: GeneratedStoreException) {
        throw when (error) {
            is GeneratedStoreException.Conflict -> StoreException.Conflict()
            is GeneratedStoreException.Busy -> StoreException.Busy()
            is GeneratedStoreException.Failed -> StoreException.Failed(error.reason)
        }
    }

/** Runs the `whose` code for the library. Of what is not ours only the type is told: its text may hold anything. */
internal inline fun <T> telling(whose: String, call: () -> T): T =
    try {
        call()
    } catch (error: StoreException) {
        throw when (error) {
            is StoreException.Conflict -> GeneratedStoreException.Conflict()
            is StoreException.Busy -> GeneratedStoreException.Busy()
            is StoreException.Failed -> GeneratedStoreException.Failed(error.message)
        }
    } catch (error: GeneratedStoreException) {
        throw error
    } catch (error: Throwable) {
        throw GeneratedStoreException.Failed("$whose failed: ${error.javaClass.name}")
    }

/** The same for what an app's transport does. Of what was cancelled the library hears by itself. */
internal inline fun <T> carrying(call: () -> T): T =
    try {
        call()
    } catch (error: CancellationException) {
        throw error
    } catch (error: TransportException) {
        throw GeneratedTransportException.Failed(generated(error.kind), error.message)
    } catch (error: Throwable) {
        val reason = "the app's transport failed: ${error.javaClass.name}"
        throw GeneratedTransportException.Failed(org.tigress.generated.TransportFailure.OTHER, reason)
    }

internal fun transportException(error: GeneratedTransportException): TransportException =
    when (error) {
        is GeneratedTransportException.Failed -> TransportException(failure(error.kind), error.reason)
    }
