import Foundation
internal import TigressGenerated

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
/// touches nothing. The records stay in the library: Swift sees the key, once.
final class KeyedStore: TransferStore, LibraryStore {
    private let vault: any KeyVault
    private let folder: @Sendable () throws -> URL
    private let opened: Locked<any TigressGenerated.TransferStore>

    var library: any TigressGenerated.TransferStore { opened.withLock { $0 } }

    /// - Parameter folder: Makes the folder and gives it.
    init(vault: any KeyVault, folder: @escaping @Sendable () throws -> URL) {
        self.vault = vault
        self.folder = folder
        opened = Locked(Self.sealed(vault, folder))
    }

    func load(key: String) throws -> StoredRecord? { try library.loading(key) }

    func save(key: String, expected: String?, bytes: Data) throws -> String {
        try library.saving(key, expected, bytes)
    }

    func delete(key: String, expected: String) throws { try library.deleting(key, expected) }

    func list() throws -> [String] { try library.listing() }

    /// Forgets all records and the key.
    func erase() throws {
        try opened.withLock { opened in
            opened = Self.sealed(vault, folder)
            let folder = try folder()
            for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
                try FileManager.default.removeItem(at: file)
            }
            try vault.remove()
        }
    }

    private static func sealed(
        _ vault: any KeyVault, _ folder: @escaping @Sendable () throws -> URL
    ) -> any TigressGenerated.TransferStore {
        TigressGenerated.keyedStore(provider: VaultKey(vault: vault, folder: folder))
    }
}

/// A vault's key, for the library.
private final class VaultKey: TigressGenerated.StoreKeyProvider {
    private let vault: any KeyVault
    private let folder: @Sendable () throws -> URL

    init(vault: any KeyVault, folder: @escaping @Sendable () throws -> URL) {
        self.vault = vault
        self.folder = folder
    }

    func unlock(opening: TigressGenerated.StoreOpening) throws {
        try telling("the key's vault") {
            let folder = try folder()
            var key = try key(of: folder)
            defer { key.resetBytes(in: 0..<key.count) }
            try opening.open(folder: folder.path, key: key)
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
        code == "store" && reason.hasSuffix(StoreError.keyLost.localizedDescription)
    }
}
