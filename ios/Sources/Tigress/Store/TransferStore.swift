import Foundation

/// A compare-and-swap store of small records (up to some MiB), each under a key of at most 64 characters `a-z 0-9 -`.
///
/// Apps rarely need their own: `ApplicationStore` is made for phones, ``DirectoryStore`` for anything else with a disk. Two
/// processes, such as an app and its extension, may share one.
///
/// The methods may block; they are called off the caller's thread. ``save(key:expected:bytes:)`` and
/// ``delete(key:expected:)`` must be durable and atomic when they return: a record is either as before or as given, also
/// after a power cut. Each must be idempotent in this sense: repeated after a failure whose effect is not known, it either
/// succeeds or conflicts. Records hold secrets.
///
/// Errors are ``StoreError``; any other one counts as ``StoreError/failed(reason:)``.
public protocol TransferStore: Sendable {
    /// The record, if there is one.
    ///
    /// - Throws: ``StoreError/busy`` or ``StoreError/failed(reason:)``; a damaged record is `failed`, never "none".
    func load(key: String) throws -> StoredRecord?

    /// Writes the record if it is still at `expected` (nil: if there is none) and gives its new version.
    ///
    /// - Throws: ``StoreError/conflict`` if it is not; ``StoreError/busy`` or ``StoreError/failed(reason:)``.
    func save(key: String, expected: String?, bytes: Data) throws -> String

    /// Removes the record if it is still at `expected`.
    ///
    /// - Throws: ``StoreError/conflict`` if it is not; ``StoreError/busy`` or ``StoreError/failed(reason:)``.
    func delete(key: String, expected: String) throws

    /// The keys of all records.
    ///
    /// - Throws: ``StoreError/busy`` or ``StoreError/failed(reason:)``.
    func list() throws -> [String]
}

/// A record, as it was when it was loaded.
public struct StoredRecord: Sendable, Equatable {
    /// Names this state of the record; never reused for the same key.
    public var version: String
    /// The bytes. They hold secrets.
    public var bytes: Data

    /// A record.
    public init(version: String, bytes: Data) {
        self.version = version
        self.bytes = bytes
    }
}

/// Why a store failed.
public enum StoreError: LocalizedError, Sendable, Hashable {
    /// The record is not at the expected version: somebody else has written it.
    case conflict
    /// Another process holds the store; try again.
    case busy
    /// Anything else, in the store's words, without secrets.
    case failed(reason: String)

    /// The reason, in English.
    public var errorDescription: String? {
        switch self {
        case .conflict: "the record has another version"
        case .busy: "the store is busy"
        case .failed(let reason): reason
        }
    }
}
