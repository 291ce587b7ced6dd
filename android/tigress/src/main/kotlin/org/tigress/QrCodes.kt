package org.tigress

import android.graphics.Bitmap
import android.graphics.Color

/** The picture of a QR code, with [scale] pixels for each module's side. It holds the secret of its invitation. */
public fun QrCode.toBitmap(scale: Int = 8): Bitmap {
    val colors = IntArray(pixels.size) { if (pixels[it] == 0.toByte()) Color.BLACK else Color.WHITE }
    val smallest = Bitmap.createBitmap(colors, width, width, Bitmap.Config.ARGB_8888)
    return Bitmap.createScaledBitmap(smallest, width * scale, width * scale, false)
}
