import Foundation
import Testing
import Tigress

/// Each error, as an app meets it.
@Suite(.timeLimit(.minutes(1))) struct ErrorTests {
    private let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

    @Test("An invitation that is none says what is wrong, without any of it")
    func badInvitation() async throws {
        let cut = try #require(URL(string: "https://relay.example/v1/m/2bba630e-519b-41ec-81d3-0242ac130003?v=a"))
        let error = try #require(await failure { try parseInvitation(cut) })
        #expect(error.code == "bad_invitation")
        #expect(error.what == "secret_missing")
        #expect(!error.reason.contains("2bba630e"))
        let client = try alone()
        #expect(
            await failure { try await client.acceptInvitation(contents: Data("hello".utf8), options: .confirmed) }?.code
                == "bad_invitation")
    }

    @Test("A relay that is not trusted is named, so that the user can be asked")
    func untrustedRelay() async throws {
        let (relay, client) = try (InMemoryRelay(), alone())
        let sender = try TransferClient(config: Config(relay: relay.origin), store: MemoryStore(), transport: relay)
        let link = try await sender.createInvitation(Apps.request()).shareURL
        let error = try #require(await failure { try await client.acceptInvitation(link, options: .confirmed) })
        #expect(error.code == "untrusted_relay")
        #expect(error.host == "relay.test")
        let trusting = try TransferClient(config: Config(), store: MemoryStore(), transport: relay)
        _ = try await trusting.acceptInvitation(link, options: AcceptOptions(trust: relay.origin, confirmed: true))
    }

    @Test("An invitation whose time is over, by this device's clock and the relay's")
    func expired() async throws {
        let vector = try Vector()
        let answers = Answers { _ in vector.mailbox(at: Date()) }
        let client = try TransferClient(
            config: trusting("https://relay.example"), store: MemoryStore(), transport: answers)
        let error = await failure { try await client.acceptInvitation(vector.link, options: .confirmed) }
        #expect(error?.code == "expired")
    }

    @Test("Something else than a first token is in the mailbox")
    func badMailbox() async throws {
        let vector = try Vector()
        let answers = Answers { _ in vector.mailbox(at: Date(), data: "AAAA", expiration: "2100-01-01T00:00:00Z") }
        let client = try TransferClient(
            config: trusting("https://relay.example"), store: MemoryStore(), transport: answers)
        let error = await failure { try await client.acceptInvitation(vector.link, options: .confirmed) }
        #expect(error?.code == "bad_mailbox")
    }

    @Test("The invitation of a transfer that this device has answered, in another mailbox")
    func alreadyUsed() async throws {
        let relay = InMemoryRelay()
        let copying = Copying(relay)
        let config = Config(relay: relay.origin)
        let sender = try TransferClient(config: config, store: MemoryStore(), transport: relay)
        let receiver = try TransferClient(config: config, store: MemoryStore(), transport: copying)
        let link = try await sender.createInvitation(Apps.request()).shareURL
        let id = try await receiver.acceptInvitation(link, options: .confirmed)
        try await receiver.sync(deadline: .seconds(5))
        #expect(
            try await receiver.acceptInvitation(link, options: .confirmed) == id, "the same invitation is the same transfer")
        let mailbox = try #require(parseInvitation(link).mailbox.uuidString.lowercased())
        let copy = try #require(
            URL(string: link.absoluteString.replacingOccurrences(of: mailbox, with: UUID().uuidString.lowercased())))
        #expect(await failure { try await receiver.acceptInvitation(copy, options: .confirmed) }?.code == "already_used")
    }

    @Test("Another device was faster; the sender has taken it back")
    func claimedAndGone() async throws {
        let apps = try Apps()
        let invitation = try await apps.sender.createInvitation(Apps.request())
        _ = try await apps.receiver.acceptInvitation(invitation.shareURL, options: .confirmed)
        let third = try Apps.client(apps.relay.origin, store: MemoryStore())
        #expect(
            await failure { try await third.acceptInvitation(invitation.shareURL, options: .confirmed) }?.code
                == "claimed_by_another")

        let other = try await apps.sender.createInvitation(Apps.request())
        try await apps.sender.terminate(other.transfer, reason: .cancelled)
        try await apps.sender.sync(deadline: .seconds(5))
        #expect(
            await failure { try await third.acceptInvitation(other.shareURL, options: .confirmed) }?.code
                == "no_longer_there")
    }

    @Test("A link whose secret was changed is refused, and the right device may still come")
    func security() async throws {
        let relay = InMemoryRelay()
        let config = Config(relay: relay.origin)
        // Else the relay itself refuses whoever has another secret.
        let sender = try TransferClient(config: config, store: MemoryStore(), transport: WithoutProof(inner: relay))
        let invitation = try await sender.createInvitation(Apps.request())
        let fragment = try #require(invitation.shareURL.fragment)
        let wrong = try #require(
            URL(string: invitation.shareURL.absoluteString.replacingOccurrences(of: fragment, with: secret)))
        let other = try TransferClient(config: config, store: MemoryStore(), transport: relay)
        let error = try #require(await failure { try await other.acceptInvitation(wrong, options: .confirmed) })
        #expect(error.code == "security")
        #expect(error.majorStatus == 10 << 16, "RFC 2744's DEFECTIVE_CREDENTIAL")
        #expect(error.minorStatus != 0 && error.minorStatus != nil)
        let right = try TransferClient(config: config, store: MemoryStore(), transport: relay)
        _ = try await right.acceptInvitation(invitation.shareURL, options: .confirmed)
    }

    @Test("What is sent is checked")
    func badCredential() async throws {
        let apps = try Apps()
        let id = try await apps.sender.createInvitation(Apps.request(nil)).transfer
        let most = Data(count: Credential.maxContent)
        #expect(await code(sending: Credential(format: "", content: Data()), apps, id) == "bad_credential")
        #expect(await code(sending: Credential(format: "x", content: most + [0]), apps, id) == "too_large")
        #expect(await code(sending: Credential(format: "x", content: most), apps, id) == nil)

        var codes: Set<String> = []
        for _ in 0..<65 {
            await codes.insert(code(sending: Apps.note, apps, id) ?? "sent")
        }
        #expect(codes == ["sent", "queue_full"])
    }

    @Test("A relay that is not there, refuses, or is out of order")
    func relay() async throws {
        let closed = try Apps.config(#require(URL(string: "http://127.0.0.1:1")))
        var impatient = closed
        impatient.giveUpAfter = .zero
        let client = try TransferClient(config: impatient, store: MemoryStore())
        let unreachable = await failure { try await client.createInvitation(Apps.request()) }
        #expect(unreachable?.code == "relay_unreachable")
        #expect(unreachable?.failure == .unreachable)
        #expect(unreachable?.errorDescription == "no answer from the relay: can't connect")
        #expect(unreachable?.isRetryable == true)

        for (status, retryable) in [(403, false), (429, true), (503, true)] {
            let answers = Answers { _ in HTTPResponse(status: status) }
            let client = try TransferClient(config: impatient, store: MemoryStore(), transport: answers)
            let error = try #require(await failure { try await client.createInvitation(Apps.request()) })
            #expect(error.code == "relay_refused")
            #expect(error.isRetryable == retryable)
            #expect(error.status == status)
        }
    }

    @Test("A store that fails, is busy, or throws something of its own")
    func store() async throws {
        let store = DictionaryStore()
        let client = try TransferClient(config: Config(), store: store, transport: InMemoryRelay())
        store.fail(with: .failed(reason: "the disk is full"))
        let full = await failure { try await client.transfers() }
        #expect(full?.code == "store")
        #expect(full?.reason == "the store failed: the disk is full")
        store.fail(with: .busy)
        let busy = await failure { try await client.transfers() }
        #expect(busy?.code == "store_busy")
        #expect(busy?.isRetryable == true)

        let careless = try TransferClient(config: Config(), store: Careless(), transport: InMemoryRelay())
        let error = await failure { try await careless.transfers() }
        #expect(error?.reason == "the store failed: the app's store failed: Secret")
    }

    @Test("Calls that the transfer's state does not allow")
    func states() async throws {
        let apps = try Apps()
        let stranger = TransferID(UUID())
        #expect(await failure { try await apps.sender.poll(stranger) }?.code == "unknown_transfer")

        let ids = try await apps.begin()
        try await apps.receiver.sync(deadline: .seconds(5))
        #expect(await failure { try await apps.sender.decline(ids.sender) }?.code == "not_the_receiver")
        try await apps.sender.follow(ids.sender) { $0 == .established }
        #expect(await failure { try await apps.sender.invitation(for: ids.sender) }?.code == "invitation_used")

        try await apps.sender.sync(deadline: .seconds(5))
        try await apps.receiver.follow(ids.receiver) { $0 == .established }
        try await apps.receiver.terminate(ids.receiver)
        #expect(await failure { try await apps.receiver.sendCredential(Apps.note, to: ids.receiver) }?.code == "closing")
        async let sender = apps.sender.follow(ids.sender)
        _ = try await apps.receiver.follow(ids.receiver)
        _ = try await sender
        let error = await failure { try await apps.receiver.sendCredential(Apps.note, to: ids.receiver) }
        #expect(error?.code == "closed")
        #expect(error?.outcome == .completed)
        #expect(error?.isRetryable == false)
    }

    @Test("Settings that are none")
    func badConfig() async throws {
        let relay = try #require(URL(string: "https://relay.example/path"))
        let error = await failure { try TransferClient(config: Config(relay: relay), store: MemoryStore()) }
        #expect(error?.code == "bad_config")
        let client = try alone()
        #expect(await failure { try await client.createInvitation(Apps.request()) }?.code == "bad_config")
    }

    private func alone() throws -> TransferClient {
        try TransferClient(config: Config(), store: MemoryStore(), transport: InMemoryRelay())
    }

    private func trusting(_ relay: String) throws -> Config {
        var config = Config()
        config.trustedRelays = [try #require(URL(string: relay))]
        return config
    }

    private func code(sending credential: Credential, _ apps: Apps, _ id: TransferID) async -> String? {
        await failure { try await apps.sender.sendCredential(credential, to: id) }?.code
    }
}

/// A store that throws what it should not.
private struct Careless: TransferStore {
    struct Secret: Error, CustomStringConvertible {
        let description = "the key is 12345"
    }

    func load(key _: String) throws -> StoredRecord? { throw Secret() }
    func save(key _: String, expected _: String?, bytes _: Data) throws -> String { throw Secret() }
    func delete(key _: String, expected _: String) throws { throw Secret() }
    func list() throws -> [String] { throw Secret() }
}

/// A relay that answers every request as a test says.
private struct Answers: HTTPTransport {
    let answer: @Sendable (HTTPRequest) -> HTTPResponse

    func send(_ request: HTTPRequest) async throws -> HTTPResponse { answer(request) }
}

/// A relay that knows nothing of recipient proofs.
private struct WithoutProof: HTTPTransport {
    let inner: any HTTPTransport

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        if let body = request.body, var json = try JSONSerialization.jsonObject(with: body) as? [String: Any] {
            json["recipientProof"] = nil
            request.body = try JSONSerialization.data(withJSONObject: json)
        }
        return try await inner.send(request)
    }
}

/// A relay with a copy of each mailbox's content under every other address.
private final class Copying: HTTPTransport {
    private let relay: InMemoryRelay
    private let content = Guarded(HTTPResponse?.none)

    init(_ relay: InMemoryRelay) {
        self.relay = relay
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let response = try await relay.send(request)
        if response.status == 200, request.method == .post {
            content.change { if $0 == nil { $0 = response } }
        }
        return response.status == 404 ? content.value ?? response : response
    }
}

/// The project's worked example of a transfer, of the year 2023.
private struct Vector {
    let link: URL
    private let data: String
    private let expiration: String

    init() throws {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: projectFile("tests/vectors/transfer.json")))
        let vector = try #require(json as? [String: Any])
        let create = try #require(vector["CreateMailbox"] as? [String: Any])
        link = try #require((vector["share URL"] as? String).flatMap(URL.init))
        data = try #require((create["payload"] as? [String: String])?["data"])
        expiration = try #require((create["mailboxConfiguration"] as? [String: String])?["expiration"])
    }

    /// What a relay answers to whoever reads the mailbox.
    func mailbox(at date: Date, data: String? = nil, expiration: String? = nil) -> HTTPResponse {
        let body = """
            {"payload": {"type": "GSS_API", "data": "\(data ?? self.data)"}, "expiration": "\(expiration ?? self.expiration)",
             "displayInformation": {"title": "Car key", "description": "For the weekend", "imageURL": ""}}
            """
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return HTTPResponse(
            status: 200, headers: ["Date": format.string(from: date), "Content-Type": "application/json"],
            body: Data(body.utf8))
    }
}
