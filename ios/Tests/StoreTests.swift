import Foundation
import Testing

@testable import Tigress

/// Stores: the app's own, the library's, and the key that a platform keeps.
@Suite struct StoreTests {
    @Test("A store written in Swift carries both sides of a transfer, and is used as its contract says")
    func ownStore() async throws {
        let store = DictionaryStore()
        let apps = try Apps(sender: store, receiver: DictionaryStore())
        let ids = try await apps.begin()
        async let sender = apps.sender.follow(ids.sender)
        let receiver = try await apps.receiver.receive(ids.receiver)
        #expect(receiver.contains(.credentialReceived(Apps.credential, index: 0)))
        #expect(try await sender.last == .closed(.completed))
        #expect(store.keys.allSatisfy { $0.wholeMatch(of: /[a-z0-9-]{1,64}/) != nil })
        #expect(!store.ranOnMain, "a store may block, so it is called off the app's thread")
    }

    @Test("Both built-in stores keep records by compare and swap", arguments: [true, false])
    func builtIn(inMemory: Bool) throws {
        let folder = try Folder()
        let store: any TransferStore =
            inMemory ? MemoryStore() : try DirectoryStore(folder: folder.url, key: Data(repeating: 7, count: 32))
        #expect(try store.load(key: "a") == nil)
        let first = try store.save(key: "a", expected: nil, bytes: Data("1".utf8))
        #expect(throws: StoreError.conflict) { try store.save(key: "a", expected: nil, bytes: Data()) }
        let second = try store.save(key: "a", expected: first, bytes: Data("2".utf8))
        #expect(throws: StoreError.conflict) { try store.delete(key: "a", expected: first) }
        #expect(try store.load(key: "a") == StoredRecord(version: second, bytes: Data("2".utf8)))
        #expect(try store.list() == ["a"])
        try store.delete(key: "a", expected: second)
        #expect(try store.list() == [])
    }

    @Test("A folder's records are sealed, and another key opens none of them")
    func sealing() throws {
        let folder = try Folder()
        let store = try DirectoryStore(folder: folder.url, key: Data(repeating: 7, count: 32))
        _ = try store.save(key: "a", expected: nil, bytes: Data("a secret of many bytes".utf8))
        for file in try FileManager.default.contentsOfDirectory(at: folder.url, includingPropertiesForKeys: nil) {
            #expect(try Data(contentsOf: file).range(of: Data("secret".utf8)) == nil)
        }
        let other = try DirectoryStore(folder: folder.url, key: Data(repeating: 8, count: 32))
        #expect(throws: StoreError.self) { try other.load(key: "a") }
        #expect(throws: TigressError.self) { try DirectoryStore(folder: folder.url, key: Data(repeating: 8, count: 31)) }
        #expect(throws: TigressError.self) {
            try DirectoryStore(folder: #require(URL(string: "https://relay.example")), key: Data(repeating: 8, count: 32))
        }
    }

    @Test("A store whose key the platform keeps makes it once, and later ones find it")
    func key() throws {
        let (folder, vault) = try (Folder(), Vault())
        let version = try keyed(folder, vault).save(key: "a", expected: nil, bytes: Data("1".utf8))
        #expect(vault.key?.count == 32)
        #expect(try keyed(folder, vault).load(key: "a") == StoredRecord(version: version, bytes: Data("1".utf8)))
        #expect(vault.made == 1)
    }

    @Test("A lost key is told as that, and is not replaced; erasing begins anew")
    func lostKey() async throws {
        let (folder, vault) = try (Folder(), Vault())
        _ = try keyed(folder, vault).save(key: "a", expected: nil, bytes: Data("1".utf8))
        vault.lose()
        let store = keyed(folder, vault)
        #expect(throws: StoreError.keyLost) { try store.load(key: "a") }
        #expect(vault.key == nil)

        let client = try TransferClient(config: Config(), store: store)
        let error = await failure { try await client.transfers() }
        #expect(error?.code == "store")
        #expect(error?.isKeyLost == true)

        try store.erase()
        #expect(try store.list() == [])
        #expect(try store.load(key: "a") == nil)
    }

    @Test("Two processes that begin at once end up with one key")
    func race() throws {
        let (folder, vault) = try (Folder(), Vault())
        let other = Data(repeating: 9, count: 32)
        // The other process is faster, between our look and our own key.
        vault.beforeAdding = { vault.keep(other) }
        _ = try keyed(folder, vault).save(key: "a", expected: nil, bytes: Data("1".utf8))
        #expect(vault.key == other)
        #expect(try DirectoryStore(folder: folder.url, key: other).load(key: "a") != nil)
    }

    private func keyed(_ folder: Folder, _ vault: Vault) -> KeyedStore {
        KeyedStore(vault: vault) { [url = folder.url] in url }
    }
}

/// What the Keychain is elsewhere.
private final class Vault: KeyVault, @unchecked Sendable {
    private let state = Guarded((key: Data?.none, made: 0))
    var beforeAdding: () -> Void = {}

    var key: Data? { state.value.key }
    var made: Int { state.value.made }

    func keep(_ key: Data) { state.change { $0.key = key } }
    func lose() { state.change { $0.key = nil } }

    func load() throws -> Data? { key }

    func add(_ key: Data) throws -> Bool {
        beforeAdding()
        return state.change { state in
            guard state.key == nil else { return false }
            state = (key, state.made + 1)
            return true
        }
    }

    func remove() throws { lose() }
}
