package org.tigress.sample

import androidx.compose.foundation.focusable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.remember
import androidx.compose.ui.Modifier
import androidx.compose.ui.focus.FocusRequester
import androidx.compose.ui.focus.focusRequester
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.paneTitle
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp

/**
 * A screen: its heading, then all else in one column that scrolls, buttons too, so that no size of type pushes them off. A screen
 * reader is told its name, and begins at the heading.
 */
@Composable
fun Page(title: String, modifier: Modifier, content: @Composable ColumnScope.() -> Unit) {
    Column(
        modifier.fillMaxSize().semantics { paneTitle = title }.verticalScroll(rememberScrollState()).padding(24.dp),
        verticalArrangement = Arrangement.spacedBy(16.dp),
    ) {
        val first = remember { FocusRequester() }
        Text(
            title,
            Modifier.focusRequester(first).focusable().semantics { heading() },
            style = MaterialTheme.typography.headlineMedium,
        )
        // Before what is below: an error takes it from the heading.
        LaunchedEffect(Unit) { first.requestFocus() }
        content()
    }
}

/** What went wrong: read out at once, and focused, also when it is the next one of its kind. */
@Composable
fun Problem(text: String, at: Any? = text) {
    val here = remember { FocusRequester() }
    Text(
        text,
        Modifier.focusRequester(here).focusable().semantics { liveRegion = LiveRegionMode.Assertive },
        color = MaterialTheme.colorScheme.error,
    )
    LaunchedEffect(at) { here.requestFocus() }
}

/** Read out when it changes. */
@Composable
fun Notice(text: String): Unit = Text(text, Modifier.semantics { liveRegion = LiveRegionMode.Polite })

/** The button for what is mostly wanted. */
@Composable
fun Main(text: String, enabled: Boolean = true, action: () -> Unit): Unit =
    Button(action, Modifier.fillMaxWidth(), enabled) { Text(text, textAlign = TextAlign.Center) }

/** Another button. */
@Composable
fun Other(text: String, action: () -> Unit): Unit =
    OutlinedButton(action, Modifier.fillMaxWidth()) { Text(text, textAlign = TextAlign.Center) }
