import Foundation
import Tigress

/// What the model needs of the phone. The functions may block, and fail as a full phone does.
protocol Wallet: Sendable {
    /// What can be given.
    func owned() throws -> [Owned]

    /// The transfers whose credential is here.
    func kept() throws -> Set<TransferID>

    /// Keeps what came. Twice the same keeps one: after a kill it comes again.
    func keep(_ received: Owned, of transfer: TransferID) throws

    /// Where the user was, as ``save(_:)`` got it.
    func saved() throws -> Saved

    /// Keeps where the user is. It may hold the link of an invitation that was not taken yet, as secret as a credential.
    func save(_ saved: Saved) throws
}

/// A credential with a name for people. Printed, it shows no content.
struct Owned: Equatable, Sendable {
    let name: String
    let credential: Credential
    /// Whether its sender lets it be passed on.
    var mayBePassedOn = true
}

/// The sample's own: files in a folder, which the app and its notification service share. A real wallet hands a credential to
/// whatever provisions it.
struct FolderWallet: Wallet {
    private static let end = "credential"

    /// A credential as it is written.
    private struct Record: Codable {
        let name: String
        let format: String
        let content: Data
        let mediaType: String?
        let mayBePassedOn: Bool
    }

    private let folder: URL
    private var place: URL { folder.appendingPathComponent("place") }

    init(folder: URL) {
        self.folder = folder
    }

    func owned() throws -> [Owned] {
        let house = Credential(format: "org.example.key", content: Data("a key to the house".utf8), mediaType: "text/plain")
        return try [Owned(name: "Key to the house", credential: house)]
            + files().sorted { $0.lastPathComponent < $1.lastPathComponent }.map { file in
                let record = try JSONDecoder().decode(Record.self, from: Data(contentsOf: file))
                let credential = Credential(
                    format: record.format, content: record.content, mediaType: record.mediaType)
                return Owned(name: record.name, credential: credential, mayBePassedOn: record.mayBePassedOn)
            }
    }

    func kept() throws -> Set<TransferID> {
        Set(try files().compactMap { TransferID($0.deletingPathExtension().lastPathComponent) })
    }

    func keep(_ received: Owned, of transfer: TransferID) throws {
        let credential = received.credential
        let record = Record(
            name: received.name, format: credential.format, content: credential.content,
            mediaType: credential.mediaType, mayBePassedOn: received.mayBePassedOn)
        try write(record, to: folder.appendingPathComponent("\(transfer).\(Self.end)"))
    }

    func saved() throws -> Saved {
        guard FileManager.default.fileExists(atPath: place.path) else { return Saved() }
        return try JSONDecoder().decode(Saved.self, from: Data(contentsOf: place))
    }

    func save(_ saved: Saved) throws {
        try write(saved, to: place)
    }

    private func files() throws -> [URL] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == Self.end }
    }

    /// As it was or whole, whatever happens; from the first unlock after a start on, as a wake-up needs it.
    private func write(_ value: some Encodable, to file: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var options: Data.WritingOptions = [.atomic]
        #if os(iOS)
            options.insert(.completeFileProtectionUntilFirstUserAuthentication)
        #endif
        try JSONEncoder().encode(value).write(to: file, options: options)
    }
}
