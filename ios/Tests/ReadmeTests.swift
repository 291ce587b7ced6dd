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
