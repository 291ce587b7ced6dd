package org.tigress.sample

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.unit.dp
import org.tigress.Outcome

/** The one screen, by what is going on. */
@Composable
fun WalletScreen(model: ReceiveModel) {
    val screen by model.screen.collectAsState()
    MaterialTheme(if (isSystemInDarkTheme()) darkColorScheme() else lightColorScheme()) {
        Surface(Modifier.fillMaxSize()) {
            Column(
                Modifier.safeDrawingPadding().verticalScroll(rememberScrollState()).padding(24.dp),
                verticalArrangement = Arrangement.spacedBy(16.dp),
            ) {
                Text(
                    stringResource(R.string.app_name),
                    Modifier.semantics { heading() },
                    style = MaterialTheme.typography.headlineMedium,
                )
                when (val now = screen) {
                    Screen.Empty -> Empty(model::open)
                    is Screen.AskTrust -> AskTrust(now, model)
                    is Screen.Offered -> Offer(now, model)
                    is Screen.Pin -> Pin(now, model::pin)
                    is Screen.Working -> Working(now)
                    is Screen.Ended -> Ended(now, model::reset)
                    is Screen.Failed -> Failed(now, model::reset)
                }
            }
        }
    }
}

@Composable
private fun Empty(open: (ByteArray) -> Unit) {
    var link by remember { mutableStateOf("") }
    Text(stringResource(R.string.nothing))
    OutlinedTextField(
        link,
        { link = it },
        Modifier.fillMaxWidth(),
        label = { Text(stringResource(R.string.paste_label)) },
        keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Uri),
    )
    Button({ open(link.encodeToByteArray()) }, enabled = link.isNotBlank()) { Text(stringResource(R.string.open)) }
}

@Composable
private fun AskTrust(screen: Screen.AskTrust, model: ReceiveModel) {
    Text(stringResource(R.string.unknown_relay, screen.host))
    Row(horizontalArrangement = Arrangement.spacedBy(16.dp)) {
        Button({ model.trust(screen.relay) }) { Text(stringResource(R.string.trust)) }
        OutlinedButton(model::reset) { Text(stringResource(R.string.again)) }
    }
}

@Composable
private fun Offer(screen: Screen.Offered, model: ReceiveModel) {
    Text(stringResource(R.string.offered))
    Text(screen.title ?: stringResource(R.string.offered_untitled), style = MaterialTheme.typography.titleLarge)
    if (screen.altered) Text(stringResource(R.string.offered_altered))
    screen.description?.let { Text(it) }
    Row(horizontalArrangement = Arrangement.spacedBy(16.dp)) {
        Button(model::take) { Text(stringResource(R.string.accept)) }
        OutlinedButton(model::decline) { Text(stringResource(R.string.decline)) }
    }
}

@Composable
private fun Pin(screen: Screen.Pin, send: (String) -> Unit) {
    var typed by remember(screen) { mutableStateOf("") }
    screen.triesLeft?.let { Notice(stringResource(R.string.pin_wrong, it)) }
    OutlinedTextField(
        typed,
        { typed = it },
        label = { Text(stringResource(R.string.pin_label)) },
        keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.NumberPassword),
        singleLine = true,
    )
    Button({ send(typed) }, enabled = typed.count { it.isDigit() } >= 6) { Text(stringResource(R.string.pin_send)) }
}

@Composable
private fun Working(screen: Screen.Working) {
    LinearProgressIndicator(Modifier.fillMaxWidth())
    Notice(stringResource(if (screen.unreachable) R.string.unreachable else R.string.working))
}

@Composable
private fun Ended(screen: Screen.Ended, again: () -> Unit) {
    screen.received?.let { Notice(stringResource(R.string.received, it.format, it.content.size)) }
    Notice(
        when (val outcome = screen.outcome) {
            Outcome.Completed -> stringResource(R.string.completed)
            Outcome.Declined -> stringResource(R.string.declined)
            Outcome.Cancelled -> stringResource(R.string.cancelled)
            Outcome.Expired -> stringResource(R.string.expired)
            Outcome.Unconfirmed -> stringResource(R.string.unconfirmed)
            is Outcome.Unproven -> stringResource(R.string.unproven, outcome.code.toString())
            is Outcome.Failed -> stringResource(R.string.failed, outcome.code.toString())
        },
    )
    OutlinedButton(again) { Text(stringResource(R.string.again)) }
}

@Composable
private fun Failed(screen: Screen.Failed, again: () -> Unit) {
    Notice(
        when (screen.code) {
            "claimed_by_another" -> stringResource(R.string.claimed)
            "own_invitation" -> stringResource(R.string.own_invitation)
            else -> stringResource(R.string.failed, screen.code)
        },
    )
    OutlinedButton(again) { Text(stringResource(R.string.again)) }
}

/** Said by a screen reader when it changes. */
@Composable
private fun Notice(text: String) {
    Text(text, Modifier.semantics { liveRegion = LiveRegionMode.Polite })
}
