package org.tigress.sample

import android.content.Intent
import android.net.Uri
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.activity.viewModels
import androidx.core.content.IntentCompat
import java.io.IOException

/** The largest file that an invitation may be. */
private const val MAX_FILE = 256 * 1024

/** Opened by the launcher, an invitation's link, or its file. */
class MainActivity : ComponentActivity() {
    private val model: ReceiveModel by viewModels()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        enableEdgeToEdge()
        setContent { WalletScreen(model) }
        if (savedInstanceState == null) handle(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        handle(intent)
    }

    private fun handle(intent: Intent) {
        val uri =
            when (intent.action) {
                Intent.ACTION_VIEW -> intent.data
                Intent.ACTION_SEND -> IntentCompat.getParcelableExtra(intent, Intent.EXTRA_STREAM, Uri::class.java)
                else -> null
            } ?: return
        val invitation = if (uri.scheme == "content") read(uri) else uri.toString().encodeToByteArray()
        invitation?.let(model::open)
    }

    /** At most one byte more than allowed, so that what is too large is said to be. */
    private fun read(uri: Uri): ByteArray? =
        try {
            contentResolver.openInputStream(uri)?.use { stream ->
                val bytes = ByteArray(MAX_FILE + 1)
                var length = 0
                while (length < bytes.size) {
                    val count = stream.read(bytes, length, bytes.size - length)
                    if (count < 0) break
                    length += count
                }
                bytes.copyOf(length)
            }
        } catch (_: IOException) {
            null
        } catch (_: SecurityException) {
            null
        }
}
