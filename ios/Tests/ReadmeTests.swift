import Foundation
import Testing

// What the README and docs/ios.md show, word for word: from the import to a received credential.
// [README: receive]
import Tigress

/// Receives what an invitation's link offers, and keeps it; says how it ended. Calls for the PIN if one is needed.
@MainActor
func receive(
    _ link: URL, client: TransferClient, keep: (Credential) async throws -> Void, askForPIN: () async -> String
) async throws -> Outcome? {
    var ended: Outcome?
    let id = try await client.acceptInvitation(link)
    // Here the app shows its user what is offered, who may `decline(id)`: the sender is answered only after this.
    try await client.confirm(id)
    for try await event in client.events(of: id) {
        switch event {
        case .pinRequired, .pinRejected(triesLeft: 1...):
            try await client.providePIN(askForPIN(), for: id)
        case .credentialReceived(let credential, _):
            try await keep(credential)
            try await client.terminate(id, reason: .done)
        case .closed(let outcome): ended = outcome
        default: break
        }
    }
    return ended
}
// [README: end]

/// The other side of the same example.
// [README: send]
@MainActor
func share(_ credential: Credential, client: TransferClient, show: (URL, String?) -> Void) async throws -> Outcome? {
    var ended: Outcome?
    var request = InvitationRequest(title: "Key to room 12")
    request.credential = credential
    request.pin = true
    let invitation = try await client.createInvitation(request)
    show(invitation.shareURL, invitation.pin)
    for try await event in client.events(of: invitation.transfer) {
        if case .closed(let outcome) = event { ended = outcome }
    }
    return ended
}
// [README: end]

/// The code that the documents show does what they say.
@Suite(.timeLimit(.minutes(1))) struct ReadmeTests {
    @Test("The example receives what the example sends, over a relay")
    func example() async throws {
        let relay = try RelayProcess()
        let (sender, receiver) = try (
            Apps.client(relay.origin, store: MemoryStore()), Apps.client(relay.origin, store: MemoryStore())
        )
        let (links, shared) = AsyncStream.makeStream(of: (URL, String?).self)
        async let sending = share(Apps.credential, client: sender) { shared.yield(($0, $1)) }
        var invitation = links.makeAsyncIterator()
        let (link, pin) = try #require(await invitation.next())
        let kept = Guarded([Credential]())
        let received = try await receive(link, client: receiver) { credential in
            kept.change { $0.append(credential) }
        } askForPIN: {
            pin ?? ""
        }
        #expect(kept.value == [Apps.credential])
        #expect(received == .completed)
        #expect(try await sending == .completed)
    }

    /// A view model, as apps have them: all it does is on the main actor.
    @MainActor final class Screen {
        var kept: [Credential] = []
        var link: URL?
        var pin: String?

        func open(_ client: TransferClient) async throws -> Outcome? {
            guard let link else { return nil }
            return try await receive(link, client: client) {
                self.kept.append($0)
            } askForPIN: {
                self.pin ?? ""
            }
        }

        func invite(_ client: TransferClient, shown: CheckedContinuation<Void, Never>) async throws -> Outcome? {
            try await share(Apps.credential, client: client) { link, pin in
                self.link = link
                self.pin = pin
                shown.resume()
            }
        }
    }

    @MainActor
    @Test("They are called from the main actor, with closures that change what is there")
    func mainActor() async throws {
        let relay = InMemoryRelay()
        let config = Config(relay: relay.origin)
        let sender = try TransferClient(config: config, store: MemoryStore(), transport: relay)
        let receiver = try TransferClient(config: config, store: MemoryStore(), transport: relay)
        let screen = Screen()
        var sending: Task<Outcome?, any Error>?
        await withCheckedContinuation { shown in
            sending = Task { try await screen.invite(sender, shown: shown) }
        }
        #expect(try await screen.open(receiver) == .completed)
        #expect(try await sending?.value == .completed)
        #expect(screen.kept == [Apps.credential])
    }

    @Test("A wrong PIN is asked for again, and the right one brings the credential")
    func wrongPIN() async throws {
        let apps = InMemory()
        let asked = Guarded(0)
        let ends = try await apps.transfer { link, pin in
            try await receive(link, client: apps.receiver()) {
                apps.keep($0)
            } askForPIN: {
                asked.change { $0 += 1 }
                return asked.value == 1 ? wrong(pin) : pin
            }
        }
        #expect(ends == [.completed, .completed])
        #expect(asked.value == 2)
        #expect(apps.kept.value == [Apps.credential])
    }

    @Test("The tries of a PIN end, and both sides know why")
    func triesUsedUp() async throws {
        let apps = InMemory()
        let asked = Guarded(0)
        let ends = try await apps.transfer { link, pin in
            try await receive(link, client: apps.receiver()) {
                apps.keep($0)
            } askForPIN: {
                asked.change { $0 += 1 }
                return wrong(pin)
            }
        }
        #expect(ends[0] == .failed(.pinTriesUsedUp))
        #expect([.failed(.pinTriesUsedUp), .unproven(.pinTriesUsedUp)].contains(ends[1]))
        #expect(asked.value == 5)
        #expect(apps.kept.value.isEmpty)
    }

    @Test("No network at first is an error that may pass; one that goes away in the middle is waited for")
    func noNetwork() async throws {
        let apps = InMemory()
        let ends = try await apps.transfer { link, pin in
            let client = try apps.receiver()
            apps.isOnline.change { $0 = false }
            let error = await failure {
                try await receive(link, client: client) {
                    apps.keep($0)
                } askForPIN: {
                    pin
                }
            }
            #expect(error?.code == "relay_unreachable")
            #expect(error?.isRetryable == true)
            apps.isOnline.change { $0 = true }
            return try await receive(link, client: client) {
                apps.keep($0)
            } askForPIN: {
                apps.refuses.change { $0 = 3 }
                return pin
            }
        }
        #expect(ends == [.completed, .completed])
        #expect(apps.refuses.value == 0, "it was gone for a while")
        #expect(apps.kept.value == [Apps.credential])
    }

    @Test("Killed while it keeps the credential, the app gets it again with the same link")
    func killed() async throws {
        struct Killed: Error {}
        let apps = InMemory()
        let ends = try await apps.transfer { link, pin in
            await #expect(throws: Killed.self) {
                try await receive(link, client: apps.receiver()) { _ in
                    throw Killed()
                } askForPIN: {
                    pin
                }
            }
            #expect(try await apps.receiver().transfers().map(\.state) == [.established])
            return try await receive(link, client: apps.receiver()) {
                apps.keep($0)
            } askForPIN: {
                Issue.record("the PIN was given before")
                return pin
            }
        }
        #expect(ends == [.completed, .completed])
        #expect(apps.kept.value == [Apps.credential])
    }

    /// Two wallets over a relay in memory; each `receiver()` is another life of one of them.
    private final class InMemory: Sendable {
        let kept = Guarded([Credential]())
        let isOnline = Guarded(true)
        /// So many requests more get no answer.
        let refuses = Guarded(0)
        private let relay = InMemoryRelay()
        private let store = MemoryStore()

        func receiver() throws -> TransferClient {
            let network = Network(relay: relay, isOnline: isOnline, refuses: refuses)
            let config = Config(relay: relay.origin, giveUpAfter: .zero)
            return try TransferClient(config: config, store: store, transport: network)
        }

        func keep(_ credential: Credential) { kept.change { $0.append(credential) } }

        /// How it ended, at the receiver and at the sender.
        func transfer(_ receive: (URL, String) async throws -> Outcome?) async throws -> [Outcome?] {
            let config = Config(relay: relay.origin)
            let sender = try TransferClient(config: config, store: MemoryStore(), transport: relay)
            let (links, shared) = AsyncStream.makeStream(of: (URL, String?).self)
            let sending = Task { try await share(Apps.credential, client: sender) { shared.yield(($0, $1)) } }
            var invitation = links.makeAsyncIterator()
            let (link, pin) = try #require(await invitation.next())
            let received = try await receive(link, #require(pin))
            return try await [received, sending.value]
        }
    }

    private struct Network: HTTPTransport {
        let relay: InMemoryRelay
        let isOnline: Guarded<Bool>
        let refuses: Guarded<Int>

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            let refused = refuses.change { left in
                left -= left > 0 ? 1 : 0
                return left > 0
            }
            guard isOnline.value, !refused else { throw TransportError(kind: .unreachable, reason: "no network") }
            return try await relay.send(request)
        }
    }

    private func wrong(_ pin: String) -> String { pin == "000000" ? "111111" : "000000" }

    @Test("README and docs/ios.md show exactly this code", arguments: ["README.md", "docs/ios.md"])
    func quoted(document: String) throws {
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let text = try String(contentsOf: projectFile(document), encoding: .utf8)
        for quote in source.components(separatedBy: "// [README: ").dropFirst() where !quote.hasPrefix("end]") {
            let code = quote.drop { $0 != "\n" }.trimmingCharacters(in: .newlines)
            let name = quote.prefix { $0 != "]" }
            // A document shows a part if it has its first line.
            let first = code.split(separator: "\n").first { $0.hasPrefix("func ") } ?? ""
            guard text.contains(first) else { continue }
            #expect(text.contains(code), "\(document) shows another form of \(name)")
        }
    }
}
