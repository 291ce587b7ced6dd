package org.tigress.sample

import androidx.compose.foundation.Canvas
import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.toggleable
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.RadioButton
import androidx.compose.material3.Switch
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.tigress.QrCode

/** What is to be given, and how it is told. */
@Composable
internal fun Send(screen: Screen.Send, actions: Actions) {
    // The fields' own: a model's answer would come a moment late for fast fingers.
    var draft by remember(screen.draft.key) { mutableStateOf(screen.draft) }
    fun edit(changed: Draft) {
        draft = changed
        actions.edit(changed)
    }
    screen.trouble?.let { Problem(Words.trouble(it)) }
    screen.names.forEach { name ->
        Row(
            Modifier.fillMaxWidth().heightIn(min = 48.dp).selectable(name == draft.name, role = Role.RadioButton) {
                edit(draft.copy(name = name))
            },
            verticalAlignment = Alignment.CenterVertically,
        ) {
            RadioButton(name == draft.name, null)
            Text(name)
        }
    }
    OutlinedTextField(draft.title, { edit(draft.copy(title = it)) }, Modifier.fillMaxWidth(), label = { Text("Title") }, singleLine = true)
    OutlinedTextField(draft.note, { edit(draft.copy(note = it)) }, Modifier.fillMaxWidth(), label = { Text("Note") }, maxLines = 3)
    OutlinedTextField(draft.sender, {
        edit(draft.copy(sender = it))
    }, Modifier.fillMaxWidth(), label = { Text("Your name") }, singleLine = true)
    Choice("Ask for a PIN", draft.pin) { edit(draft.copy(pin = it)) }
    Choice("They may pass it on", draft.mayBePassedOn) { edit(draft.copy(mayBePassedOn = it)) }
    Text("Whoever gets the link can take it. With a PIN they also need what you tell them another way.")
    Main("Make the invitation", enabled = draft.name in screen.names) { actions.share() }
    Other("To the list", actions::back)
}

@Composable
private fun Choice(text: String, isOn: Boolean, change: (Boolean) -> Unit) {
    Row(
        Modifier.fillMaxWidth().heightIn(min = 48.dp).toggleable(isOn, role = Role.Switch, onValueChange = change),
        verticalAlignment = Alignment.CenterVertically,
    ) {
        Text(text, Modifier.weight(1f))
        Switch(isOn, null)
    }
}

/** The link leaves by the share sheet, as a file, or from screen to camera; the PIN by another way. */
@Composable
internal fun Share(screen: Screen.Share, actions: Actions, phone: Phone) {
    Text(Words.title(screen.item), style = MaterialTheme.typography.titleLarge)
    Text(Words.way(screen.item), style = MaterialTheme.typography.bodySmall)
    screen.trouble?.let { Problem(Words.trouble(it)) }
    val invitation = screen.invitation
    if (invitation == null) {
        Text("Whoever sees the invitation can take the credential.")
        Main("Show the invitation") { actions.show() }
    } else {
        invitation.pin?.let {
            Text("Tell the PIN by another way than the link, such as a call:")
            Text(it, Modifier.semantics { contentDescription = "PIN ${Words.spoken(it)}" }, style = MaterialTheme.typography.displaySmall)
        }
        Main("Share the link") { phone.shareLink(invitation.shareUrl) }
        Other("Share as a file") { phone.shareFile(invitation.file) }
        Picture(remember(invitation) { invitation.qrCode() })
    }
    Other("To the list", actions::back)
    Other("Take it back", actions::takeBack)
}

@Composable
private fun Picture(code: QrCode) {
    Canvas(
        Modifier.widthIn(max = 320.dp).fillMaxWidth().aspectRatio(1f).background(Color.White)
            .semantics { contentDescription = "QR code of the invitation, for the other phone's camera" },
    ) {
        val side = size.minDimension / code.width
        code.pixels.forEachIndexed { index, pixel ->
            val corner = Offset(index % code.width * side, index / code.width * side)
            // A little larger than its place: no seams.
            if (pixel == 0.toByte()) drawRect(Color.Black, corner, Size(side + 0.5f, side + 0.5f))
        }
    }
}
