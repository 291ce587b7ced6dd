import Foundation

/// Keeps one key where the platform keeps keys.
protocol KeyVault: Sendable {
    /// The key, if there is one.
    func load() throws -> Data?

    /// Keeps the key, if there is none yet: false if there is, perhaps from another process.
    func add(_ key: Data) throws -> Bool

    /// Forgets the key.
    func remove() throws
}

/// A folder of sealed records whose key a vault has. Key and folder are first looked for when a record is, so that making one
/// touches nothing.
final class KeyedStore: TransferStore {
    private let vault: any KeyVault
    private let folder: @Sendable () throws -> URL
    private let opened = Locked<DirectoryStore?>(nil)

    /// - Parameter folder: Makes the folder and gives it.
    init(vault: any KeyVault, folder: @escaping @Sendable () throws -> URL) {
        self.vault = vault
        self.folder = folder
    }

    func load(key: String) throws -> StoredRecord? { try store().load(key: key) }

    func save(key: String, expected: String?, bytes: Data) throws -> String {
        try store().save(key: key, expected: expected, bytes: bytes)
    }

    func delete(key: String, expected: String) throws { try store().delete(key: key, expected: expected) }

    func list() throws -> [String] { try store().list() }

    /// Forgets all records and the key.
    func erase() throws {
        try opened.withLock { opened in
            opened = nil
            let folder = try folder()
            for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
                try FileManager.default.removeItem(at: file)
            }
            try vault.remove()
        }
    }

    private func store() throws -> DirectoryStore {
        try opened.withLock { opened in
            if let opened { return opened }
            let folder = try folder()
            let store = try DirectoryStore(folder: folder, key: key(of: folder))
            opened = store
            return store
        }
    }

    private func key(of folder: URL) throws -> Data {
        if let key = try vault.load() { return key }
        var random = SystemRandomNumberGenerator()
        let key = Data((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        // Any key lists the records. Where there are some, another process may just have made both them and their key.
        guard try DirectoryStore(folder: folder, key: key).list().isEmpty else {
            if let key = try vault.load() { return key }
            throw StoreError.keyLost
        }
        if try vault.add(key) { return key }
        guard let key = try vault.load() else {
            throw StoreError.failed(reason: "the key was there and is gone")
        }
        return key
    }
}

extension StoreError {
    /// What `ApplicationStore` says when there are records and their key is gone: they can't be read again, by nobody.
    public static let keyLost = StoreError.failed(reason: "the key that seals the stored transfers is lost")
}

extension TigressError {
    /// Whether the store said ``StoreError/keyLost``: the app may tell its user, and erase the store to begin anew.
    public var isKeyLost: Bool {
        self == .store(reason: StoreError.keyLost.localizedDescription)
    }
}
