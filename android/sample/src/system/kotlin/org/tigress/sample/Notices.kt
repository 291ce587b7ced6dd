package org.tigress.sample

import android.Manifest
import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Build
import org.tigress.TransferSummary

/** Notifications of what a wake-up brought: one for each transfer, the later one in the earlier one's place. */
class Notices(private val context: Context) {
    private val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager

    /** What the user is asked to allow, from Android 13 on. */
    val permission: String? =
        Manifest.permission.POST_NOTIFICATIONS.takeIf {
            Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU && context.checkSelfPermission(it) != PackageManager.PERMISSION_GRANTED
        }

    /** Shows them, where the user allows it. */
    fun show(news: List<TransferSummary>) {
        manager.createNotificationChannel(NotificationChannel(CHANNEL, "Transfers", NotificationManager.IMPORTANCE_DEFAULT))
        val app = context.packageManager.getLaunchIntentForPackage(context.packageName) ?: Intent()
        val opening = PendingIntent.getActivity(context, 0, app, PendingIntent.FLAG_IMMUTABLE)
        for (transfer in news) {
            val notice =
                Notification.Builder(context, CHANNEL)
                    .setSmallIcon(android.R.drawable.stat_notify_sync_noanim)
                    .setContentTitle(Words.news(transfer))
                    .setContentIntent(opening)
                    .setAutoCancel(true)
                    .setVisibility(Notification.VISIBILITY_PRIVATE)
                    .build()
            manager.notify(transfer.id.value, 0, notice)
        }
    }

    private companion object {
        const val CHANNEL = "transfers"
    }
}
