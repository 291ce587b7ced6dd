package org.tigress

import android.util.Log

/** Writes the library's log to Logcat, with the tag `Tigress`: `setLogSink(LogcatSink, LogLevel.INFO)`. */
public object LogcatSink : LogSink {
    private const val TAG = "Tigress"

    override fun log(record: LogRecord) {
        val priority =
            when (record.level) {
                LogLevel.ERROR -> Log.ERROR
                LogLevel.WARN -> Log.WARN
                LogLevel.INFO -> Log.INFO
                LogLevel.DEBUG -> Log.DEBUG
            }
        Log.println(priority, TAG, "${record.target}: ${record.text}")
    }
}
