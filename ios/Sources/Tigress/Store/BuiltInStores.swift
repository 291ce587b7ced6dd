import Foundation
internal import TigressGenerated

/// A store in memory: for tests, and for apps that need nothing after their end.
public final class MemoryStore: TransferStore, LibraryStore {
    let library = TigressGenerated.memoryStore()

    /// An empty store.
    public init() {}

    /// The record; ``TransferStore/load(key:)`` says how.
    public func load(key: String) throws -> StoredRecord? { try library.loading(key) }
    /// Writes the record; ``TransferStore/save(key:expected:bytes:)`` says how.
    public func save(key: String, expected: String?, bytes: Data) throws -> String {
        try library.saving(key, expected, bytes)
    }
    /// Removes the record; ``TransferStore/delete(key:expected:)`` says how.
    public func delete(key: String, expected: String) throws { try library.deleting(key, expected) }
    /// The keys of all records.
    public func list() throws -> [String] { try library.listing() }
}

/// A store in a folder: one sealed file a record (XChaCha20-Poly1305), atomic and durable, shared safely by several
/// processes.
public final class DirectoryStore: TransferStore, LibraryStore {
    let library: any TigressGenerated.TransferStore

    /// A store in `folder`, which is made on first use, readable by its user alone.
    ///
    /// - Parameters:
    ///   - folder: A file URL.
    ///   - key: 32 random bytes, which seal every record: keep them where the platform keeps keys.
    /// - Throws: `bad_config` for a key of another length, or a URL that is no file's.
    public init(folder: URL, key: Data) throws {
        guard folder.isFileURL else {
            throw TigressError(code: "bad_config", reason: "the folder's URL is no file URL")
        }
        library = try rethrowing { try TigressGenerated.directoryStore(folder: folder.path, key: key) }
    }

    /// The record; ``TransferStore/load(key:)`` says how.
    public func load(key: String) throws -> StoredRecord? { try library.loading(key) }
    /// Writes the record; ``TransferStore/save(key:expected:bytes:)`` says how.
    public func save(key: String, expected: String?, bytes: Data) throws -> String {
        try library.saving(key, expected, bytes)
    }
    /// Removes the record; ``TransferStore/delete(key:expected:)`` says how.
    public func delete(key: String, expected: String) throws { try library.deleting(key, expected) }
    /// The keys of all records.
    public func list() throws -> [String] { try library.listing() }
}

extension TigressGenerated.TransferStore {
    func loading(_ key: String) throws -> StoredRecord? {
        try told { try load(key: key).map { StoredRecord(version: $0.version, bytes: $0.bytes) } }
    }

    func saving(_ key: String, _ expected: String?, _ bytes: Data) throws -> String {
        try told { try save(key: key, expected: expected, bytes: bytes) }
    }

    func deleting(_ key: String, _ expected: String) throws {
        try told { try delete(key: key, expected: expected) }
    }

    func listing() throws -> [String] {
        try told { try list() }
    }

    private func told<Result>(_ call: () throws -> Result) throws -> Result {
        do {
            return try call()
        } catch let error as TigressGenerated.StoreError {
            throw StoreError(error)
        }
    }
}
