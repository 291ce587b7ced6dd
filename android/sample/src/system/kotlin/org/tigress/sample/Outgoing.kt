package org.tigress.sample

import android.content.ClipData
import android.content.Intent
import android.net.Uri

/** The media type of a `.tigress` file. */
const val TYPE: String = "application/vnd.tigress+json"

/** The share sheet with a link. */
fun sharing(link: String): Intent =
    Intent.createChooser(Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, link), null)

/** The share sheet with a file, which whoever is chosen may read, and nobody else. */
fun sharing(file: Uri): Intent {
    val send = Intent(Intent.ACTION_SEND).setType(TYPE).putExtra(Intent.EXTRA_STREAM, file)
    send.clipData = ClipData.newRawUri(null, file)
    send.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
    return Intent.createChooser(send, null)
}
