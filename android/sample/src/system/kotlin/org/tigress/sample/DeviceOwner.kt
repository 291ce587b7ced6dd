package org.tigress.sample

import android.content.Context
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.os.CancellationSignal
import kotlin.coroutines.resume
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import org.tigress.ShareRequest
import org.tigress.UserApproval

/** Asks by fingerprint, face or the screen's lock before an invitation leaves the phone, and before it is shown again. */
class DeviceOwner(private val context: Context) : UserApproval {
    override suspend fun approve(request: ShareRequest): Boolean {
        // Older systems ask by androidx.biometric, or by KeyguardManager.
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return false
        val title = Words.approval(request.title, request.again)
        return withContext(Dispatchers.Main) {
            suspendCancellableCoroutine { waiting ->
                val stop = CancellationSignal()
                waiting.invokeOnCancellation { stop.cancel() }
                val told =
                    object : BiometricPrompt.AuthenticationCallback() {
                        override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) {
                            if (waiting.isActive) waiting.resume(true)
                        }

                        override fun onAuthenticationError(code: Int, words: CharSequence) {
                            if (waiting.isActive) waiting.resume(false)
                        }
                    }
                BiometricPrompt
                    .Builder(context)
                    .setTitle(title)
                    .setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)
                    .build()
                    .authenticate(stop, context.mainExecutor, told)
            }
        }
    }
}
