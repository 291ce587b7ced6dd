#if canImport(Security)
    import Foundation
    internal import TigressGenerated

    /// The store for apps on Apple's systems: sealed files in Application Support, left out of backups, with their key in the
    /// Keychain, on this device only, from the first unlock after a start on.
    ///
    /// Where files are and the key is not, every call fails with ``StoreError/keyLost``; ``erase()`` begins anew. Before the
    /// first unlock calls fail too, and succeed after it.
    public final class ApplicationStore: TransferStore, LibraryStore {
        private let store: KeyedStore
        var library: any TigressGenerated.TransferStore { store.library }

        /// A store. Touches neither files nor Keychain.
        ///
        /// - Parameters:
        ///   - name: Tells the stores of an app apart: letters, digits and hyphens.
        ///   - appGroup: The app group whose container holds the files, for an app that shares them with its extension; the
        ///     app's own folder if none is given. Both must be able to read the key: a Keychain access group of the app
        ///     group's name, which every member has, then holds it.
        public init(name: String = "transfers", appGroup: String? = nil) {
            store = KeyedStore(vault: KeychainVault(account: name, accessGroup: appGroup)) {
                try Self.folder(name: name, appGroup: appGroup)
            }
        }

        /// The record; ``TransferStore/load(key:)`` says how.
        public func load(key: String) throws -> StoredRecord? { try store.load(key: key) }
        /// Writes the record; ``TransferStore/save(key:expected:bytes:)`` says how.
        public func save(key: String, expected: String?, bytes: Data) throws -> String {
            try store.save(key: key, expected: expected, bytes: bytes)
        }
        /// Removes the record; ``TransferStore/delete(key:expected:)`` says how.
        public func delete(key: String, expected: String) throws { try store.delete(key: key, expected: expected) }
        /// The keys of all records.
        public func list() throws -> [String] { try store.list() }

        /// Forgets all transfers, and the key. Not while a ``TransferClient`` uses the store.
        public func erase() throws { try store.erase() }

        private static func folder(name: String, appGroup: String?) throws -> URL {
            var folder = try base(appGroup: appGroup).appendingPathComponent("org.tigress/\(name)", isDirectory: true)
            do {
                #if os(macOS)
                    let attributes: [FileAttributeKey: Any] = [:]
                #else
                    // The files in it get its class of protection.
                    let attributes: [FileAttributeKey: Any] = [
                        .protectionKey: FileProtectionType.completeUntilFirstUserAuthentication
                    ]
                #endif
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: true, attributes: attributes)
                var values = URLResourceValues()
                values.isExcludedFromBackup = true
                try folder.setResourceValues(values)
            } catch {
                throw StoreError.failed(reason: "the folder of the stored transfers can't be made")
            }
            return folder
        }

        private static func base(appGroup: String?) throws -> URL {
            let manager = FileManager.default
            let base: URL? =
                if let appGroup {
                    manager.containerURL(forSecurityApplicationGroupIdentifier: appGroup)?
                        .appendingPathComponent("Library/Application Support", isDirectory: true)
                } else {
                    manager.urls(for: .applicationSupportDirectory, in: .userDomainMask).first
                }
            guard let base else {
                throw StoreError.failed(reason: "no such app group, or no Application Support")
            }
            return base
        }
    }
#endif
