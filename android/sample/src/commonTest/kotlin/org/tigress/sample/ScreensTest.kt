package org.tigress.sample

import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.getOrNull
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.assertIsEnabled
import androidx.compose.ui.test.assertIsFocused
import androidx.compose.ui.test.assertIsNotEnabled
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasSetTextAction
import androidx.compose.ui.test.isHeading
import androidx.compose.ui.test.junit4.createComposeRule
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performTextInput
import androidx.compose.ui.test.performTextReplacement
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.Rule

/** The screens, as a user of a screen reader, of large type, or of a small phone has them. */
class ScreensTest {
    @get:Rule val rule = createComposeRule()
    private val asked = Asked()
    private var screen: Screen by mutableStateOf(Screen.List(emptyList()))
    private var type by mutableStateOf(1f)
    private val click =
        SemanticsMatcher("can be clicked") { SemanticsActions.OnClick in it.config && SemanticsActions.SetText !in it.config }

    private fun show(first: Screen, width: Int = 360, height: Int = 640) {
        screen = first
        rule.setContent {
            Gallery.OnPhone(width, height, type) { WalletScreen(screen, asked, asked, isDark = false) }
        }
    }

    private fun press(text: String) = rule.onNodeWithText(text).performScrollTo().performClick()

    @Test
    fun `no button is pushed off a small phone with large type`() {
        show(Screen.Scan, 320, 480)
        type = 2f
        for ((name, next) in Gallery.screens) {
            screen = next
            rule.waitForIdle()
            val phone = rule.onNodeWithTag("phone").fetchSemanticsNode().boundsInRoot
            val buttons = rule.onAllNodes(click).fetchSemanticsNodes().size
            assertTrue(buttons > 0, name)
            repeat(buttons) { index ->
                val button = rule.onAllNodes(click)[index].performScrollTo().fetchSemanticsNode()
                val bounds = button.boundsInRoot
                val text = "$name: ${button.config.getOrNull(SemanticsProperties.Text)} $bounds in $phone"
                // Cut by nothing: as large on the screen as it was laid out.
                assertEquals(button.size.height.toFloat(), bounds.height, 1f, text)
                assertEquals(button.size.width.toFloat(), bounds.width, 1f, text)
                assertTrue(bounds.left >= phone.left && bounds.right <= phone.right && bounds.bottom <= phone.bottom, text)
                assertTrue(bounds.height >= 40 && bounds.height <= phone.height, text)
            }
        }
    }

    @Test
    fun `a screen reader has one heading to begin at, and a name for all that can be done`() {
        show(Screen.Scan)
        for ((name, next) in Gallery.screens) {
            screen = next
            rule.waitForIdle()
            val headings = rule.onAllNodes(isHeading()).fetchSemanticsNodes()
            assertEquals(listOf(Words.heading(next)), headings.map { it.config[SemanticsProperties.Text].single().text }, name)
            rule.onNode(SemanticsMatcher.expectValue(SemanticsProperties.PaneTitle, Words.heading(next))).fetchSemanticsNode()
            for (node in rule.onAllNodes(hasClickAction()).fetchSemanticsNodes()) {
                val texts = node.config.getOrNull(SemanticsProperties.Text).orEmpty().joinToString { it.text }
                val described = node.config.getOrNull(SemanticsProperties.ContentDescription).orEmpty().joinToString()
                val label = node.config.getOrNull(SemanticsProperties.EditableText)?.let { "field" }.orEmpty()
                assertTrue((texts + described + label).isNotBlank(), "$name: ${node.config}")
            }
        }
    }

    @Test
    fun `the focus goes to the heading of each screen, and to what went wrong`() {
        show(Gallery.screens.getValue("offer"))
        rule.onNodeWithText("You are offered").assertIsFocused()
        screen = Gallery.screens.getValue("pin")
        rule.onNodeWithText("Type the PIN").assertIsFocused()
        rule.onNode(hasSetTextAction()).performTextInput("000000")
        for (left in listOf(4, 3)) {
            screen = (Gallery.screens.getValue("pin") as Screen.Pin).copy(triesLeft = left)
            rule.onNodeWithText(Words.wrongPin(left)).assertIsFocused()
        }
        screen = Gallery.screens.getValue("failed")
        rule.onNodeWithText(Words.trouble(Trouble(Failure.UNREACHABLE))).assertIsFocused()
    }

    @Test
    fun `a PIN that can't be sent says why, and one in Arabic digits can`() {
        show(Gallery.screens.getValue("pin"))
        rule.onNodeWithText("Continue").assertIsNotEnabled()
        rule.onNodeWithText(Words.pin(PinEntry.Problem.EMPTY), useUnmergedTree = true).fetchSemanticsNode()
        val field = rule.onNode(hasSetTextAction())
        field.performTextInput("١٢٣")
        rule.onNodeWithText("Continue").assertIsNotEnabled()
        rule.onNodeWithText(Words.pin(PinEntry.Problem.TOO_SHORT), useUnmergedTree = true).fetchSemanticsNode()
        field.performTextReplacement("١٢٣ ٤٥٦")
        rule.onNodeWithText("Continue").assertIsEnabled()
        press("Continue")
        assertEquals(listOf("pin ١٢٣ ٤٥٦"), asked.calls)
    }

    @Test
    fun `each button asks for what it says`() {
        show(Screen.Scan)
        val pressed =
            listOf(
                Triple("list", "Give something", "send"),
                Triple("list", "Open an invitation", "scan"),
                Triple("list-empty", "Try again", "retry"),
                Triple("offer", "Take it", "take"),
                Triple("offer", "Decline", "decline"),
                Triple("offer", "Decide later", "back"),
                Triple("working", "To the list", "back"),
                Triple("done", "Take it off the list", "forget"),
                Triple("failed", "Try again", "retry"),
                Triple("failed-relay", "Go on", "trust"),
                Triple("failed-over", "Take it off the list", "forget"),
                Triple("send", "Make the invitation", "share"),
                Triple("share", "Share the link", "shareLink"),
                Triple("share", "Share as a file", "shareFile"),
                Triple("share", "Take it back", "takeBack"),
                Triple("share-again", "Show the invitation", "show"),
                Triple("scan", "Scan a QR code", "startCamera"),
            )
        for ((name, button, call) in pressed) {
            screen = Gallery.screens.getValue(name)
            rule.waitForIdle()
            press(button)
            assertEquals(call, asked.calls.last(), name)
        }
        screen = Gallery.screens.getValue("list")
        press("Locker 12")
        assertTrue(asked.calls.last().startsWith("look "))
        rule.onAllNodesWithText("For you", substring = true).fetchSemanticsNodes().also { assertTrue(it.size > 1) }
    }

    @Test
    fun `what is to be given is chosen and told, a link is pasted`() {
        show(Gallery.screens.getValue("send"))
        press("Key to the house")
        press("Ask for a PIN")
        press("They may pass it on")
        rule.onAllNodes(hasSetTextAction())[1].performScrollTo().performTextInput("Until Monday")
        assertEquals("edit Key to the house, Key to the garage, Until Monday, false, true", asked.calls.last())
        screen = Gallery.screens.getValue("share")
        rule.onNodeWithContentDescription("QR code", substring = true).performScrollTo().fetchSemanticsNode()
        rule.onNodeWithContentDescription("PIN", substring = true).fetchSemanticsNode()
        screen = Screen.Scan
        rule.onNodeWithText("Open the link").assertIsNotEnabled()
        rule.onNode(hasSetTextAction()).performTextInput("Look: https://relay.example/v1/m/1#2")
        press("Open the link")
        assertEquals("open Look: https://relay.example/v1/m/1#2", asked.calls.last())
    }
}
