package org.tigress.sample

import android.content.ContentResolver
import android.content.Intent
import android.net.Uri
import android.nfc.NfcAdapter
import java.io.IOException
import java.io.InputStream

/** What the wallet was opened with: the bytes of a link or a file, if there are any. The file is read, and nothing of it stays behind. */
fun invitation(intent: Intent, resolver: ContentResolver): ByteArray? {
    val uri =
        when (intent.action) {
            // A link, a file, or a link on an NFC tag.
            Intent.ACTION_VIEW, NfcAdapter.ACTION_NDEF_DISCOVERED -> intent.data
            Intent.ACTION_SEND -> shared(intent) ?: return intent.getStringExtra(Intent.EXTRA_TEXT)?.encodeToByteArray()
            else -> null
        } ?: return null
    // As it came: its parts would be decoded.
    if (uri.scheme != ContentResolver.SCHEME_CONTENT) return uri.toString().encodeToByteArray()
    return try {
        resolver.openInputStream(uri)?.use(::start)
    } catch (_: IOException) {
        ByteArray(0)
    } catch (_: SecurityException) {
        ByteArray(0)
    }
}

/** At most one byte more than allowed, so that what is too large is said to be. */
private fun start(stream: InputStream): ByteArray {
    val bytes = ByteArray(MAX_FILE + 1)
    var length = 0
    while (length < bytes.size) {
        val count = stream.read(bytes, length, bytes.size - length)
        if (count < 0) break
        length += count
    }
    return bytes.copyOf(length)
}

@Suppress("DEPRECATION") // The one that asks for a class came with API level 33.
private fun shared(intent: Intent): Uri? = intent.getParcelableExtra(Intent.EXTRA_STREAM)

/** The largest file that an invitation may be. */
private const val MAX_FILE = 256 * 1024
