package org.tigress

import org.tigress.bridge.generated
import org.tigress.bridge.level
import org.tigress.bridge.translating
import org.tigress.generated.LogException as GeneratedLogException
import org.tigress.generated.LogRecord as GeneratedRecord
import org.tigress.generated.LogSink as GeneratedSink
import org.tigress.generated.setLogSink as generatedSet

/** How important a log record is. */
public enum class LogLevel {
    /** Something does not work. */
    ERROR,

    /** Something is not as it should be. */
    WARN,

    /** What happens. */
    INFO,

    /** How it happens. */
    DEBUG,
}

/**
 * One line of the log: never with a secret, a URL or a payload.
 *
 * @property level How important it is.
 * @property target The part of the library that says it.
 * @property text What it says.
 */
public data class LogRecord(val level: LogLevel, val target: String, val text: String)

/** Takes the library's log. */
public fun interface LogSink {
    /** Takes one record. Called from any thread: it should return at once, and must not call the library. */
    public fun log(record: LogRecord)
}

/**
 * Hands the log of the whole process to [sink], from [level] up; none ends that. What a sink throws harms nothing but its record.
 *
 * Fails with `bad_config` where the process has another subscriber of Rust's `tracing` already.
 */
@JvmOverloads
@Throws(TigressException::class)
public fun setLogSink(sink: LogSink?, level: LogLevel = LogLevel.INFO): Unit =
    translating { generatedSet(sink?.let(::foreign), level.generated()) }

private fun foreign(sink: LogSink): GeneratedSink =
    object : GeneratedSink {
        override fun log(record: GeneratedRecord) {
            try {
                sink.log(LogRecord(level(record.level), record.target, record.text))
            } catch (_: Throwable) {
                throw GeneratedLogException.Failed()
            }
        }
    }
