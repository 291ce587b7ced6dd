package org.example.wallet

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlinx.coroutines.runBlocking

class BothTest {
    @Test
    fun `a wallet's test needs no network, nothing installed, and bears another SDK`() = runBlocking {
        val said = listOf("0: Ada is invited: true", "1: Ben is invited: true", "mailboxes: 2", "errors: true, true")
        assertEquals(said, both())
    }
}
