package org.tigress.sample

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import org.tigress.sample.PinEntry.Problem

/** What people type as a PIN. */
class PinTest {
    @Test
    fun `digits of any script are digits`() {
        val arabic = "٠١٢٣٤٥"
        val persian = "۰۱۲۳۴۵"
        val devanagari = "०१२३४५"
        val fullWidth = "０１２３４５"
        // Outside the basic plane, as mathematical digits are.
        val double = (0..5).joinToString("") { String(Character.toChars(0x1D7D8 + it)) }
        for (typed in listOf("012345", arabic, persian, devanagari, fullWidth, double)) {
            assertEquals(PinEntry("012345", null), PinEntry.of(typed), typed)
        }
    }

    @Test
    fun `what people put between them is dropped`() {
        for (typed in listOf("012 345", " 012-345\n", "012\u2013345", "\u200e012\u00a0345")) {
            assertEquals(PinEntry("012345", null), PinEntry.of(typed))
        }
    }

    @Test
    fun `what is no PIN has its reason, in words`() {
        val wrong = mapOf(
            "" to Problem.EMPTY,
            " " to Problem.EMPTY,
            "12345" to Problem.TOO_SHORT,
            "1234567890123" to Problem.TOO_LONG,
            "12345a" to Problem.NOT_DIGITS,
            "½" to Problem.NOT_DIGITS,
        )
        for ((typed, problem) in wrong) assertEquals(problem, PinEntry.of(typed).problem, typed)
        assertEquals(Problem.entries.size, Problem.entries.map(Words::pin).toSet().size)
        assertFalse("123456" in PinEntry.of("123456").toString())
    }
}
