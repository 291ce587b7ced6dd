package org.tigress.sample

import android.app.Application
import org.tigress.Config
import org.tigress.LogLevel
import org.tigress.LogcatSink
import org.tigress.Tigress
import org.tigress.TransferClient
import org.tigress.setLogSink

/** One client for the whole app. */
class SampleWallet : Application() {
    val client: TransferClient by lazy {
        Tigress.client(this, Config(relay = "https://relay.example"), approval = DeviceOwner(this))
    }

    override fun onCreate() {
        super.onCreate()
        setLogSink(LogcatSink, LogLevel.INFO)
    }
}
