package org.tigress.sample

import android.content.Intent
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.BackHandler
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.activity.result.contract.ActivityResultContracts.RequestPermission
import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Modifier
import androidx.core.content.FileProvider
import androidx.lifecycle.lifecycleScope
import com.google.firebase.messaging.FirebaseMessaging
import com.google.mlkit.vision.barcode.common.Barcode
import com.google.mlkit.vision.codescanner.GmsBarcodeScannerOptions
import com.google.mlkit.vision.codescanner.GmsBarcodeScanning
import java.io.File
import kotlinx.coroutines.launch

/** Opened by the launcher, an invitation's link, its file, or an NFC tag. */
class MainActivity : ComponentActivity(), Phone {
    private val model by lazy { (application as SampleWallet).model }
    private val asking = registerForActivityResult(RequestPermission()) {}

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        enableEdgeToEdge()
        setContent {
            val state by model.state.collectAsState()
            val screen = state.screen
            BackHandler(enabled = screen !is Screen.List) { model.back() }
            WalletScreen(screen, model, this, isSystemInDarkTheme(), Modifier.safeDrawingPadding())
        }
        // Made again after a kill, the activity has the intent that it was made with, which was dealt with then.
        if (savedInstanceState == null) handle(intent)
        WakeWork.plan(this)
        FirebaseMessaging.getInstance().token.addOnSuccessListener { lifecycleScope.launch { (application as SampleWallet).wakeBy(it) } }
        Notices(this).permission?.let(asking::launch)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        handle(intent)
    }

    override fun onResume() {
        super.onResume()
        model.retry()
    }

    override fun shareLink(link: String): Unit = startActivity(sharing(link))

    override fun shareFile(file: ByteArray) {
        // One file, the last one; the system clears the cache.
        val shared = File(cacheDir, "shared").apply { mkdirs() }.resolve("invitation.tigress")
        shared.writeBytes(file)
        startActivity(sharing(FileProvider.getUriForFile(this, "$packageName.files", shared)))
    }

    override fun startCamera() {
        val codes = GmsBarcodeScannerOptions.Builder().setBarcodeFormats(Barcode.FORMAT_QR_CODE).build()
        GmsBarcodeScanning.getClient(this, codes).startScan().addOnSuccessListener { code ->
            code.rawValue?.let { model.open(it.encodeToByteArray()) }
        }
    }

    private fun handle(intent: Intent): Unit = invitation(intent, contentResolver)?.let(model::open) ?: Unit
}
