package org.tigress

import org.tigress.bridge.LibraryStore
import org.tigress.bridge.storing
import org.tigress.bridge.telling
import org.tigress.generated.StoreKeyProvider as GeneratedProvider
import org.tigress.generated.StoreOpening as GeneratedOpening
import org.tigress.generated.keyedStore as generatedKeyed

/** Keeps the key of a sealed store where the platform keeps keys. */
public interface StoreKeyProvider {
    /**
     * Looks folder and key up and hands them to [opening]; wipes its own copy of the key then. Asked at the first use of the
     * store, again after a failure, and never after that; may block. A key that is lost beside records is
     * [StoreException.Failed], never a new key.
     */
    @Throws(StoreException::class)
    public fun unlock(opening: StoreOpening)
}

/** A sealed store that waits for its folder and key. */
public class StoreOpening internal constructor(private val generated: GeneratedOpening) {
    /**
     * Gives the folder of the records, which is made when there is something to keep, and the key of 32 bytes.
     *
     * Fails with [StoreException.Failed] for a key of another length.
     */
    @Throws(StoreException::class)
    public fun open(folder: String, key: ByteArray): Unit = storing { generated.open(folder, key) }
}

/**
 * As [directoryStore], with a folder and key that [provider] is asked for on first use, so that making one touches nothing.
 */
public fun keyedStore(provider: StoreKeyProvider): TransferStore = LibraryStore(generatedKeyed(foreign(provider)))

private fun foreign(provider: StoreKeyProvider): GeneratedProvider =
    object : GeneratedProvider {
        override fun unlock(opening: GeneratedOpening): Unit =
            telling("the app's keeper of keys") { opening.use { provider.unlock(StoreOpening(it)) } }
    }
