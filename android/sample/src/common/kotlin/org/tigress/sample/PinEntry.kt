package org.tigress.sample

/** What the user has typed as the PIN: [digits] in ASCII, or what is wrong with it. */
data class PinEntry(val digits: String, val problem: Problem?) {
    /** Why it can't be sent yet. */
    enum class Problem { EMPTY, NOT_DIGITS, TOO_SHORT, TOO_LONG }

    companion object {
        private const val LEAST = 6
        private const val MOST = 12

        /** Reads the digits of any script, as keyboards give them; what people put between digits is dropped. */
        fun of(typed: String): PinEntry {
            val points = typed.codePoints().toArray().filterNot(::isBetween)
            val digits = points.map { Character.digit(it, 10) }
            val problem =
                when {
                    points.isEmpty() -> Problem.EMPTY
                    -1 in digits -> Problem.NOT_DIGITS
                    digits.size < LEAST -> Problem.TOO_SHORT
                    digits.size > MOST -> Problem.TOO_LONG
                    else -> null
                }
            return PinEntry(if (problem == Problem.NOT_DIGITS) "" else digits.joinToString(""), problem)
        }

        private fun isBetween(point: Int): Boolean =
            Character.isSpaceChar(point) || Character.isWhitespace(point) ||
                Character.getType(point) in listOf(Character.DASH_PUNCTUATION.toInt(), Character.FORMAT.toInt())
    }

    /** Never the digits. */
    override fun toString(): String = "PinEntry($problem)"
}
