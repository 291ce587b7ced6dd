package org.tigress.support

import java.util.concurrent.TimeUnit

/** The relay as it is run: the command `tigress relay`, on a port of its own. */
class RelayProcess : AutoCloseable {
    private val command =
        listOf(System.getProperty("tigress.command"), "relay", "--listen", "127.0.0.1:0", "--store", "memory")

    // More transfers than a device has: their connections are not what is tested.
    private val process: Process =
        ProcessBuilder(command + listOf("--limit", "connections=512,512,512"))
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
