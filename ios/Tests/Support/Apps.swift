import Foundation
import Testing
import Tigress

/// Which transport a test goes by.
enum Way: CaseIterable, Sendable {
    case builtIn, urlSession
}

/// Two small wallets, with a relay between them.
struct Apps: Sendable {
    static let credential = Credential(
        format: "org.example.key", content: Data("the one and only key".utf8), mediaType: "text/plain")
    static let note = Credential(format: "org.example.note", content: Data("thank you".utf8))

    let relay: RelayProcess
    let sender: TransferClient
    let receiver: TransferClient

    init(
        _ way: Way = .builtIn, sender: any TransferStore = MemoryStore(), receiver: any TransferStore = MemoryStore()
    ) throws {
        relay = try RelayProcess()
        self.sender = try Self.client(relay.origin, store: sender, way: way)
        self.receiver = try Self.client(relay.origin, store: receiver, way: way)
    }

    static func config(_ relay: URL) -> Config {
        var config = Config(relay: relay)
        config.allowLoopbackHTTP = true
        config.giveUpAfter = .seconds(5)
        return config
    }

    static func client(_ relay: URL, store: any TransferStore, way: Way = .builtIn) throws -> TransferClient {
        let config = config(relay)
        return try TransferClient(
            config: config, store: store, transport: way == .builtIn ? BuiltInTransport(config: config) : nil)
    }

    static func request(_ credential: Credential? = Apps.credential) -> InvitationRequest {
        var request = InvitationRequest(title: "Car key", description: "For the weekend")
        request.sender = "Ada"
        request.mayBePassedOn = true
        request.credential = credential
        return request
    }

    /// Invites, and accepts at the other side.
    func begin(_ request: InvitationRequest = Apps.request()) async throws -> (sender: TransferID, receiver: TransferID) {
        let invitation = try await sender.createInvitation(request)
        return try await (invitation.transfer, receiver.acceptInvitation(invitation.shareURL, options: .confirmed))
    }
}

extension TransferClient {
    /// All events to the end; each is first shown to `react`.
    func follow(
        _ id: TransferID, react: (TransferEvent) async throws -> Void = { _ in }
    ) async throws -> [TransferEvent] {
        var all: [TransferEvent] = []
        for try await event in events(of: id) {
            all.append(event)
            try await react(event)
        }
        return all
    }

    /// Reads on until an event is as wanted.
    func follow(_ id: TransferID, until wanted: @Sendable (TransferEvent) -> Bool) async throws {
        for try await event in events(of: id) where wanted(event) {
            return
        }
        throw Failed("the transfer ended before that")
    }

    /// The receiver's usual way: says it is done once something has arrived.
    func receive(_ id: TransferID) async throws -> [TransferEvent] {
        try await follow(id) { event in
            if case .credentialReceived = event { try await terminate(id) }
        }
    }
}

/// The error that a call gives.
func failure(_ call: () async throws -> some Any) async -> TigressError? {
    do {
        _ = try await call()
        return nil
    } catch let error as TigressError {
        return error
    } catch {
        Issue.record("an error of another kind: \(error)")
        return nil
    }
}

/// A folder that is removed with this object.
final class Folder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("tigress-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}

/// A file of this project.
func projectFile(_ path: String) -> URL {
    URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../\(path)").standardizedFileURL
}

extension AcceptOptions {
    /// The user was asked before.
    static let confirmed = AcceptOptions(confirmed: true)
}
