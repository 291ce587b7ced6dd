package org.tigress

import android.content.Context
import java.io.File

/**
 * The default store: each record a sealed file in the app's `noBackupFilesDir`, so that no backup has them, under a key that
 * AndroidKeyStore protects, so that no other device opens them.
 *
 * If the device has lost that key (a changed lock screen may do that on some), every function fails with
 * [StoreException.Failed], `the key of the store is lost`: what was stored can't be read again. [erase] then begins anew.
 *
 * @param context Any of the app's contexts.
 * @param name Names the folder and the key: an app that needs several stores gives each its own.
 */
public class AndroidTransferStore
@JvmOverloads
constructor(context: Context, name: String = "tigress") : TransferStore {
    init {
        require(name.isNotEmpty() && name.all { it.isLetterOrDigit() || it in "-_." } && name[0] != '.') {
            "a store's name is a plain file name"
        }
    }

    private val folder: File by lazy { File(context.applicationContext.noBackupFilesDir, name) }
    private val key: StoreKey by lazy { StoreKey(folder, "org.tigress.$name") }

    /** What a client is given: its records never come through the Java heap. Asks for the key on first use. */
    @Volatile internal var sealed: TransferStore = sealed()
        private set

    @Throws(StoreException::class)
    override fun load(key: String): StoredRecord? = sealed.load(key)

    @Throws(StoreException::class)
    override fun save(key: String, expected: String?, bytes: ByteArray): String =
        sealed.save(key, expected, bytes)

    @Throws(StoreException::class)
    override fun delete(key: String, expected: String): Unit = sealed.delete(key, expected)

    @Throws(StoreException::class)
    override fun list(): List<String> = sealed.list()

    /** Removes all records and the key. No client may be using the store: clients made before must not be used any more. */
    @Throws(StoreException::class)
    public fun erase(): Unit =
        synchronized(this) {
            sealed = sealed()
            key.erase()
            if (!folder.deleteRecursively()) throw StoreException.Failed("the folder can't be removed")
        }

    private fun sealed(): TransferStore =
        keyedStore(
            object : StoreKeyProvider {
                override fun unlock(opening: StoreOpening) {
                    val records = File(folder, "transfers")
                    key.use(records) { bytes -> opening.open(records.path, bytes) }
                }
            },
        )
}
