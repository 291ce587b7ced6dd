package org.tigress

import android.content.Context
import android.graphics.Color
import android.util.Log
import java.io.File
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config as Robolectric
import org.robolectric.shadows.ShadowLog
import org.tigress.bridge.LibraryStore
import org.tigress.support.FakeAndroidKeyStore
import org.tigress.support.story

/** What needs Android's own classes. */
@RunWith(RobolectricTestRunner::class)
@Robolectric(sdk = [35], manifest = Robolectric.NONE)
class AndroidTest {
    private val context: Context = RuntimeEnvironment.getApplication()
    private val folder = File(context.noBackupFilesDir, "tigress")

    @Before fun keys() = FakeAndroidKeyStore.install()

    private fun failure(call: () -> Any?): String =
        assertFailsWith<StoreException.Failed> { call() }.message

    @Test
    fun `records come back from a new store, sealed, out of every backup`() {
        val version = AndroidTransferStore(context).save("a", null, "the secret".encodeToByteArray())
        val record = checkNotNull(AndroidTransferStore(context).load("a"))
        assertEquals(version, record.version)
        assertContentEquals("the secret".encodeToByteArray(), record.bytes)
        assertEquals(listOf("a"), AndroidTransferStore(context).list())
        val kept = folder.walk().filter { it.isFile }.joinToString { it.readText(Charsets.ISO_8859_1) }
        assertFalse("the secret" in kept)
        AndroidTransferStore(context).delete("a", version)
        assertTrue(AndroidTransferStore(context).list().isEmpty())
    }

    @Test
    fun `a lost key is said, and the store can begin anew`() {
        val store = AndroidTransferStore(context)
        store.save("a", null, ByteArray(1))
        FakeAndroidKeyStore.stored.clear()
        assertEquals("the key of the store is lost", failure { AndroidTransferStore(context).load("a") })
        FakeAndroidKeyStore.install()
        AndroidTransferStore(context, "other").save("b", null, ByteArray(1))
        FakeAndroidKeyStore.stored["org.tigress.tigress"] = FakeAndroidKeyStore.stored.getValue("org.tigress.other")
        assertEquals("the key of the store is lost", failure { AndroidTransferStore(context).load("a") })
        store.erase()
        assertTrue(store.list().isEmpty())
    }

    @Test
    fun `a key that is missing beside records is lost, and no other is made`() {
        AndroidTransferStore(context).save("a", null, ByteArray(1))
        val key = File(folder, "key")
        val whole = key.readBytes()
        assertTrue(key.delete())
        repeat(2) { assertEquals("the key of the store is lost", failure { AndroidTransferStore(context).load("b") }) }
        assertFalse(key.exists())
        key.writeBytes(whole)
        assertContentEquals(byteArrayOf(0), AndroidTransferStore(context).load("a")?.bytes)
    }

    @Test
    fun `the key is protected by a chip of its own where there is one`() {
        AndroidTransferStore(context, "without").save("a", null, ByteArray(1))
        FakeAndroidKeyStore.hasStrongBox = true
        AndroidTransferStore(context, "with").save("a", null, ByteArray(1))
        assertEquals(setOf("org.tigress.without", "org.tigress.with"), FakeAndroidKeyStore.stored.keys)
        assertEquals(setOf("org.tigress.with"), FakeAndroidKeyStore.inStrongBox)
        assertContentEquals(ByteArray(1), AndroidTransferStore(context, "with").load("a")?.bytes)
    }

    @Test
    fun `a client is given the library's own store, so that no record comes through the Java heap`() = story {
        val store = AndroidTransferStore(context)
        assertIs<LibraryStore>(store.sealed)
        // A store of an app's own is asked as it is.
        val client = Tigress.client(context, Config(relay = "https://relay.example"), store)
        FakeAndroidKeyStore.stored.clear()
        assertTrue(client.transfers().isEmpty())
        assertTrue(File(folder, "key").exists())
    }

    @Test
    fun `a damaged key is said, whatever the damage`() {
        AndroidTransferStore(context).save("a", null, ByteArray(1))
        val key = File(folder, "key")
        val whole = key.readBytes()
        for (length in whole.indices) {
            key.writeBytes(whole.copyOf(length))
            assertTrue(failure { AndroidTransferStore(context).load("a") }.startsWith("the key"), "$length")
        }
        key.writeBytes(whole)
        AndroidTransferStore(context).load("a")
    }

    @Test
    fun `many threads at first use make one key`() {
        val pool = Executors.newFixedThreadPool(8)
        try {
            val all = (1..8).map { number ->
                Callable { AndroidTransferStore(context).save("r$number", null, byteArrayOf(number.toByte())) }
            }
            pool.invokeAll(all).forEach { it.get() }
        } finally {
            pool.shutdown()
        }
        val store = AndroidTransferStore(context)
        assertEquals((1..8).map { "r$it" }, store.list().sorted())
        (1..8).forEach { assertContentEquals(byteArrayOf(it.toByte()), store.load("r$it")?.bytes) }
    }

    @Test
    fun `a store's name is a plain file name`() {
        for (name in listOf("", "..", "a/b", ".hidden")) {
            assertFailsWith<IllegalArgumentException>(name) { AndroidTransferStore(context, name) }
        }
    }

    @Test
    fun `a client of an app touches neither disk nor network until it is used`() = story {
        val relay = InMemoryRelay()
        val client = Tigress.client(context, Config(relay.origin), transport = relay.transport)
        assertFalse(folder.exists())
        val id = client.createInvitation(InvitationRequest(title = "A key")).transfer
        assertTrue(folder.exists())
        val restarted = Tigress.client(context, Config(relay.origin), transport = relay.transport)
        assertEquals(id, restarted.transfers().single().id)
        assertEquals(TransferState.Invited, restarted.poll(id).state)
    }

    @Test
    fun `a QR code is drawn with as many pixels as are asked for`() = story {
        val relay = InMemoryRelay()
        val client = Tigress.client(context, Config(relay.origin), transport = relay.transport)
        val code = client.createInvitation(InvitationRequest(title = "A key")).qrCode()
        val picture = code.toBitmap(scale = 3)
        assertEquals(code.width * 3, picture.width)
        val drawn = (0 until code.width).flatMap { y -> (0 until code.width).map { x -> picture.getPixel(3 * x + 1, 3 * y + 1) } }
        assertEquals(code.pixels.map { if (it == 0.toByte()) Color.BLACK else Color.WHITE }, drawn)
    }

    @Test
    fun `the log goes to Logcat`() {
        LogcatSink.log(LogRecord(LogLevel.WARN, "tigress::client", "a transfer can't be read"))
        val last = ShadowLog.getLogsForTag("Tigress").last()
        assertEquals(Log.WARN, last.type)
        assertEquals("tigress::client: a transfer can't be read", last.msg)
    }
}
