package org.tigress

import org.tigress.bridge.LibraryStore
import org.tigress.bridge.translating
import org.tigress.generated.directoryStore as generatedDirectory
import org.tigress.generated.memoryStore as generatedMemory

/**
 * A compare-and-swap store of small records (up to some MiB), each under a key of at most 64 characters `a-z 0-9 -`. Two
 * processes may share one.
 *
 * Apps rarely need their own: [AndroidTransferStore] is made for phones. The functions may block and are called from several
 * threads at once, never from the app's own. [save] and [delete] must be durable and atomic when they return: a record is either
 * as before or as given, also after a power cut. Each must be idempotent in this sense: repeated after a failure whose effect is
 * not known, it either succeeds or conflicts. Records hold secrets.
 *
 * They fail with [StoreException]; whatever else is thrown counts as [StoreException.Failed], and of it only the type is told.
 */
public interface TransferStore {
    /** The record, if there is one. A damaged or unreadable record is [StoreException.Failed], never none. */
    @Throws(StoreException::class)
    public fun load(key: String): StoredRecord?

    /**
     * Writes the record if it is still at the version [expected] (none: if there is no record) and gives its new version. Fails
     * with [StoreException.Conflict] if it is not.
     */
    @Throws(StoreException::class)
    public fun save(key: String, expected: String?, bytes: ByteArray): String

    /** Removes the record if it is still at the version [expected]. Fails with [StoreException.Conflict] if it is not. */
    @Throws(StoreException::class)
    public fun delete(key: String, expected: String)

    /** The keys of all records. */
    @Throws(StoreException::class)
    public fun list(): List<String>
}

/**
 * A record, as it was when it was loaded. Printed, it shows its version alone.
 *
 * @property version Names this state of the record; never reused for the same key.
 * @property bytes The bytes. They hold secrets: seal them.
 */
public class StoredRecord(public val version: String, public val bytes: ByteArray) {
    override fun toString(): String = "StoredRecord($version)"
}

/** Why a store failed. */
public sealed class StoreException(override val message: String) : Exception(message) {
    /** The record is not at the expected version: somebody else has written it. */
    public class Conflict : StoreException("the record has another version")

    /** Another process holds the store. Try again. */
    public class Busy : StoreException("the store is busy")

    /** Anything else, in the store's words, without secrets. */
    public class Failed(reason: String) : StoreException(reason)
}

/** A store in memory: for tests, and for apps that need nothing after their end. */
public fun memoryStore(): TransferStore = LibraryStore(generatedMemory())

/**
 * A store in [folder], which is made on first use: one sealed file a record (XChaCha20-Poly1305), atomic and durable, shared
 * safely by several processes. [key] has 32 bytes and seals every record: keep it where the platform keeps keys.
 *
 * Fails with `bad_config` for a key of another length.
 */
@Throws(TigressException::class)
public fun directoryStore(folder: String, key: ByteArray): TransferStore =
    translating { LibraryStore(generatedDirectory(folder, key)) }
