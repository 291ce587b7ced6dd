package org.tigress.support

import java.util.concurrent.TimeUnit

/** The relay as it is run: the command `tigress relay`, on a port of its own. */
class RelayProcess : AutoCloseable {
    private val process: Process =
        ProcessBuilder(System.getProperty("tigress.command"), "relay", "--listen", "127.0.0.1:0", "--store", "memory")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start()

    /** Its origin. */
    val origin: String =
        process.inputStream.bufferedReader().readLine().removePrefix("listening on ").substringBefore(' ')

    override fun close() {
        process.destroy()
        check(process.waitFor(10, TimeUnit.SECONDS)) { "the relay does not end" }
    }
}
