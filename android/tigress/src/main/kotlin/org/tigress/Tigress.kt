package org.tigress

import android.content.Context

/** Clients as an Android app wants them. */
public object Tigress {
    /**
     * A client with the platform's own store and HTTP: [AndroidTransferStore] and [AndroidHttpTransport]. Touches neither disk
     * nor network, so that it can be made on the main thread. An app needs one client, and may close it never.
     *
     * [approval] asks the sender's user, such as by BiometricPrompt, before an invitation leaves and before one is shown again.
     *
     * Fails with the code `bad_config` for relay URLs that are no origins.
     */
    @JvmStatic
    @JvmOverloads
    public fun client(
        context: Context,
        config: Config,
        store: TransferStore = AndroidTransferStore(context),
        transport: HttpTransport = AndroidHttpTransport(config),
        approval: UserApproval? = null,
    ): TransferClient =
        TransferClient(config, (store as? AndroidTransferStore)?.sealed ?: store, transport, approval)
}
