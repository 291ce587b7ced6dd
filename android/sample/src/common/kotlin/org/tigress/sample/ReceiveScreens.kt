package org.tigress.sample

import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.text.input.KeyboardType

/** The user decides; nothing was answered yet. */
@Composable
internal fun Offer(screen: Screen.Offer, actions: Actions) {
    Text(Words.title(screen.item), style = MaterialTheme.typography.titleLarge)
    val offer = screen.offer
    if (offer.note.isNotEmpty()) Text(offer.note)
    if (offer.isAltered) {
        Problem("What the sender says of it was changed on the way, and is not shown.")
    } else {
        if (offer.sender.isNotEmpty()) Text("From “${offer.sender}”, as they call themselves")
        Text(Words.terms(offer))
        Text("These are the sender's words. Take it only if you know who sent it.")
    }
    Text(Words.way(screen.item), style = MaterialTheme.typography.bodySmall)
    Main("Take it") { actions.take() }
    Other("Decline", actions::decline)
    Other("Decide later", actions::back)
}

/** What is typed is a secret: nothing keeps it but this. */
@Composable
internal fun Pin(screen: Screen.Pin, actions: Actions) {
    var typed by remember(screen.triesLeft) { mutableStateOf("") }
    val entry = PinEntry.of(typed)
    Text(Words.title(screen.item), style = MaterialTheme.typography.titleLarge)
    screen.triesLeft?.let { Problem(Words.wrongPin(it)) }
    OutlinedTextField(
        typed,
        { typed = it },
        Modifier.fillMaxWidth(),
        label = { Text("PIN") },
        supportingText = { Text(Words.pin(entry.problem)) },
        isError = entry.problem == PinEntry.Problem.NOT_DIGITS || entry.problem == PinEntry.Problem.TOO_LONG,
        keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.NumberPassword),
        singleLine = true,
    )
    Main("Continue", enabled = entry.problem == null) { actions.pin(typed) }
    Other("To the list", actions::back)
}

/** By the camera, or by hand. */
@Composable
internal fun Scan(actions: Actions, phone: Phone) {
    var link by remember { mutableStateOf("") }
    Text("Scan the other phone's QR code, or paste the message that has the link.")
    Main("Scan a QR code") { phone.startCamera() }
    OutlinedTextField(
        link,
        { link = it },
        Modifier.fillMaxWidth(),
        label = { Text("Link") },
        keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Uri),
        maxLines = 3,
    )
    Main("Open the link", enabled = link.isNotBlank()) { actions.open(link.encodeToByteArray()) }
    Other("To the list", actions::back)
}
