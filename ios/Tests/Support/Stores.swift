import Foundation
import Tigress

/// A store as an app would write it.
final class DictionaryStore: TransferStore {
    private struct State {
        var records: [String: StoredRecord] = [:]
        var keys: Set<String> = []
        var writes = 0
        var ranOnMain = false
        var failure: StoreError?
    }

    private let state = Guarded(State())

    /// All keys that it was ever asked for.
    var keys: Set<String> { state.value.keys }
    var ranOnMain: Bool { state.value.ranOnMain }

    /// What every call fails with from now on.
    func fail(with failure: StoreError?) {
        state.change { $0.failure = failure }
    }

    func load(key: String) throws -> StoredRecord? {
        try use(key) { $0.records[key] }
    }

    func save(key: String, expected: String?, bytes: Data) throws -> String {
        try use(key) { state in
            guard state.records[key]?.version == expected else { throw StoreError.conflict }
            state.writes += 1
            state.records[key] = StoredRecord(version: "\(state.writes)", bytes: bytes)
            return "\(state.writes)"
        }
    }

    func delete(key: String, expected: String) throws {
        try use(key) { state in
            guard state.records[key]?.version == expected else { throw StoreError.conflict }
            state.records[key] = nil
        }
    }

    func list() throws -> [String] {
        try use(nil) { Array($0.records.keys) }
    }

    private func use<Result>(_ key: String?, _ body: (inout State) throws -> Result) throws -> Result {
        try state.change { state in
            if let key { state.keys.insert(key) }
            state.ranOnMain = state.ranOnMain || Thread.isMainThread
            if let failure = state.failure { throw failure }
            return try body(&state)
        }
    }
}
