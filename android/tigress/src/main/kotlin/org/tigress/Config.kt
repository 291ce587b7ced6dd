package org.tigress

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toKotlinDuration

/**
 * What an app decides once, for all transfers of a [TransferClient]. From Java: [Builder].
 *
 * @property relay The relay on which this device makes its own mailboxes, such as `https://relay.example`; none for a device
 *   that only receives.
 * @property trustedRelays Other relays whose invitations are accepted.
 * @property allowLoopbackHttp Whether a relay on this machine may be reached by plain http: for tests.
 * @property connectTimeout How long an attempt to connect may take.
 * @property requestTimeout How long an answer may take, the time that the relay was asked to hold it not counted.
 * @property longPoll Longest time that a relay is asked to hold an answer; 60 s at most.
 * @property pollInterval First pause between reads at a relay that holds no answers; doubled up to [pollIntervalMax].
 * @property pollIntervalMax Longest such pause.
 * @property giveUpAfter How long creating and accepting an invitation try to get an answer.
 * @property pinDigits Digits of the PINs that this device draws for its invitations; 6 to 12.
 * @property pinTries How often a PIN may be tried at this device's invitations; 1 to 10.
 */
public data class Config(
    val relay: String? = null,
    val trustedRelays: List<String> = emptyList(),
    val allowLoopbackHttp: Boolean = false,
    val connectTimeout: Duration = 10.seconds,
    val requestTimeout: Duration = 20.seconds,
    val longPoll: Duration = 50.seconds,
    val pollInterval: Duration = 500.milliseconds,
    val pollIntervalMax: Duration = 10.seconds,
    val giveUpAfter: Duration = 30.seconds,
    val pinDigits: Int = 6,
    val pinTries: Int = 5,
) {
    /** The same for Java, which sees neither defaults nor Kotlin's durations: what is not set is as by default. */
    public class Builder {
        private var config = Config()

        /** Sets [Config.relay]. */
        public fun relay(relay: String?): Builder = set { copy(relay = relay) }

        /** Sets [Config.trustedRelays]. */
        public fun trustedRelays(relays: List<String>): Builder = set { copy(trustedRelays = relays) }

        /** Sets [Config.allowLoopbackHttp]. */
        public fun allowLoopbackHttp(allow: Boolean): Builder = set { copy(allowLoopbackHttp = allow) }

        /** Sets [Config.connectTimeout]. */
        public fun connectTimeout(time: java.time.Duration): Builder = set { copy(connectTimeout = time.toKotlinDuration()) }

        /** Sets [Config.requestTimeout]. */
        public fun requestTimeout(time: java.time.Duration): Builder = set { copy(requestTimeout = time.toKotlinDuration()) }

        /** Sets [Config.longPoll]. */
        public fun longPoll(time: java.time.Duration): Builder = set { copy(longPoll = time.toKotlinDuration()) }

        /** Sets [Config.pollInterval]. */
        public fun pollInterval(time: java.time.Duration): Builder = set { copy(pollInterval = time.toKotlinDuration()) }

        /** Sets [Config.pollIntervalMax]. */
        public fun pollIntervalMax(time: java.time.Duration): Builder = set { copy(pollIntervalMax = time.toKotlinDuration()) }

        /** Sets [Config.giveUpAfter]. */
        public fun giveUpAfter(time: java.time.Duration): Builder = set { copy(giveUpAfter = time.toKotlinDuration()) }

        /** Sets [Config.pinDigits]. */
        public fun pinDigits(digits: Int): Builder = set { copy(pinDigits = digits) }

        /** Sets [Config.pinTries]. */
        public fun pinTries(tries: Int): Builder = set { copy(pinTries = tries) }

        /** The settings. */
        public fun build(): Config = config

        private fun set(change: Config.() -> Config): Builder = apply { config = config.change() }
    }
}
