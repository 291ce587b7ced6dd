package org.tigress.sample

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.key
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp

/** The wallet, whatever it shows. [modifier] keeps it off the system's bars. */
@Composable
fun WalletScreen(screen: Screen, actions: Actions, phone: Phone, isDark: Boolean, modifier: Modifier = Modifier) {
    MaterialTheme(if (isDark) darkColorScheme() else lightColorScheme()) {
        Surface(Modifier.fillMaxSize()) {
            // Another kind of screen, or another transfer, begins at its top.
            key(screen::class, of(screen)?.id) {
                Page(Words.heading(screen), modifier) { Content(screen, actions, phone) }
            }
        }
    }
}

@Composable
private fun ColumnScope.Content(screen: Screen, actions: Actions, phone: Phone) {
    when (screen) {
        is Screen.List -> List(screen, actions)
        is Screen.Offer -> Offer(screen, actions)
        is Screen.Pin -> Pin(screen, actions)
        is Screen.Working -> Working(screen, actions)
        is Screen.Done -> Done(screen, actions)
        is Screen.Failed -> Failed(screen, actions)
        is Screen.Send -> Send(screen, actions)
        is Screen.Share -> Share(screen, actions, phone)
        Screen.Scan -> Scan(actions, phone)
    }
}

private fun of(screen: Screen): Item? =
    when (screen) {
        is Screen.Offer -> screen.item
        is Screen.Pin -> screen.item
        is Screen.Working -> screen.item
        is Screen.Done -> screen.item
        is Screen.Failed -> screen.item
        is Screen.Share -> screen.item
        is Screen.List, is Screen.Send, Screen.Scan -> null
    }

@Composable
private fun List(screen: Screen.List, actions: Actions) {
    screen.trouble?.let {
        Problem(Words.trouble(it))
        Other("Try again", actions::retry)
    }
    Main("Give something") { actions.send() }
    Other("Open an invitation", actions::scan)
    if (screen.items.isEmpty()) Text("Nothing given or received yet. Open an invitation's link, file or QR code, and it appears here.")
    screen.items.forEach { item ->
        // One stop for a screen reader, and one button.
        Column(Modifier.fillMaxWidth().clickable(role = Role.Button) { actions.look(item.id) }.padding(vertical = 12.dp)) {
            Text(Words.title(item), style = MaterialTheme.typography.titleMedium)
            Text("${Words.role(item)} · ${Words.stage(item)}")
            Text(Words.way(item), style = MaterialTheme.typography.bodySmall)
        }
    }
}

@Composable
private fun Working(screen: Screen.Working, actions: Actions) {
    screen.item?.let { Text(Words.title(it), style = MaterialTheme.typography.titleLarge) }
    LinearProgressIndicator(Modifier.fillMaxWidth().semantics { contentDescription = "Under way" })
    Notice(if (screen.isUnreachable) "No connection. The wallet tries again by itself." else "It goes on without you, too.")
    Other("To the list", actions::back)
}

@Composable
private fun Done(screen: Screen.Done, actions: Actions) {
    Text(Words.title(screen.item), style = MaterialTheme.typography.titleLarge)
    Text("${Words.role(screen.item)} · ${Words.stage(screen.item)}")
    Text(Words.way(screen.item))
    Main("To the list") { actions.back() }
    Other("Take it off the list", actions::forget)
}

@Composable
private fun Failed(screen: Screen.Failed, actions: Actions) {
    screen.item?.let { Text(Words.title(it), style = MaterialTheme.typography.titleLarge) }
    Problem(Words.trouble(screen.trouble))
    when {
        screen.trouble.failure == Failure.UNTRUSTED_RELAY -> Main("Go on") { actions.trust() }
        screen.trouble.mayPass -> Main("Try again") { actions.retry() }
    }
    Other("To the list", actions::back)
    if (screen.item != null && !screen.trouble.mayPass) Other("Take it off the list", actions::forget)
}
