package org.tigress.sample

import android.content.Context
import androidx.work.Constraints
import androidx.work.CoroutineWorker
import androidx.work.ExistingPeriodicWorkPolicy
import androidx.work.ExistingWorkPolicy
import androidx.work.NetworkType
import androidx.work.OneTimeWorkRequestBuilder
import androidx.work.PeriodicWorkRequestBuilder
import androidx.work.WorkManager
import androidx.work.WorkerParameters
import java.time.Duration

/** The same without a push: from time to time, and after one that has not done all. */
class WakeWork(context: Context, parameters: WorkerParameters) : CoroutineWorker(context, parameters) {
    override suspend fun doWork(): Result =
        if ((applicationContext as SampleWallet).wake()) Result.retry() else Result.success()

    companion object {
        private val connected = Constraints.Builder().setRequiredNetworkType(NetworkType.CONNECTED).build()

        /** Every few hours, with a network: the system decides when. */
        fun plan(context: Context) {
            val work = PeriodicWorkRequestBuilder<WakeWork>(Duration.ofHours(4)).setConstraints(connected).build()
            WorkManager.getInstance(context).enqueueUniquePeriodicWork("wake", ExistingPeriodicWorkPolicy.KEEP, work)
        }

        /** As soon as there is a network. */
        fun soon(context: Context) {
            val work = OneTimeWorkRequestBuilder<WakeWork>().setConstraints(connected).build()
            WorkManager.getInstance(context).enqueueUniqueWork("wake soon", ExistingWorkPolicy.KEEP, work)
        }
    }
}
