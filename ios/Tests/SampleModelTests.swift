import Foundation
import Testing
import Tigress

@testable import SampleModel

/// The sample wallet's logic, screen by screen.
@MainActor @Suite(.timeLimit(.minutes(1))) struct SampleModelTests {
    private let relay = InMemoryRelay()
    private let sender: TransferClient

    init() throws {
        sender = try TransferClient(config: Config(relay: relay.origin), store: MemoryStore(), transport: relay)
    }

    @Test("Open, confirm, receive: the credential is in the wallet")
    func received() async throws {
        let (model, kept) = try wallet()
        let invitation = try await sender.createInvitation(Apps.request())
        async let sending = sender.follow(invitation.transfer)
        model.open(invitation.shareURL)
        #expect(model.stage == .connecting)
        let offer = ReceiveModel.Offer(title: "Car key", text: "For the weekend", expiresAt: invitation.expiresAt)
        try await becomes(model) { $0 == .confirm(offer) }
        #expect(kept.value.isEmpty, "nothing is answered before the user wants it")
        model.confirm()
        try await becomes(model) { $0 == .received(format: Apps.credential.format) }
        #expect(kept.value == [Apps.credential])
        #expect(try await sending.last == .closed(.completed))
        model.reset()
        #expect(model.stage == .start)
    }

    @Test("With a PIN: wrong, then right")
    func pin() async throws {
        let (model, kept) = try wallet()
        var request = Apps.request()
        request.pin = true
        let invitation = try await sender.createInvitation(request)
        async let sending = sender.follow(invitation.transfer)
        model.open(invitation.file)
        try await becomes(model) { if case .confirm = $0 { true } else { false } }
        model.confirm()
        try await becomes(model) { $0 == .pin(triesLeft: nil) }
        let pin = try #require(invitation.pin)
        model.submit(pin: pin.hasPrefix("1") ? "2" + pin.dropFirst() : "1" + pin.dropFirst())
        try await becomes(model) { $0 == .pin(triesLeft: 4) }
        model.submit(pin: pin)
        try await becomes(model) { $0 == .received(format: Apps.credential.format) }
        #expect(kept.value == [Apps.credential])
        _ = try await sending
    }

    @Test("Declined: the invitation is given back, and another device may come")
    func declined() async throws {
        let (model, _) = try wallet()
        let invitation = try await sender.createInvitation(Apps.request())
        model.open(invitation.shareURL)
        try await becomes(model) { if case .confirm = $0 { true } else { false } }
        model.decline()
        try await becomes(model) { $0 == .start }
        let (other, _) = try wallet()
        other.open(invitation.shareURL)
        try await becomes(other) { if case .confirm = $0 { true } else { false } }
    }

    @Test("What is no invitation, and one that is over")
    func failures() async throws {
        let (model, _) = try wallet()
        model.open(Data("hello".utf8))
        #expect(model.stage == .failed(.badInvitation))
        let invitation = try await sender.createInvitation(Apps.request())
        try await sender.terminate(invitation.transfer, reason: .cancelled)
        try await sender.sync(deadline: .seconds(5))
        model.open(invitation.shareURL)
        try await becomes(model) { $0 == .failed(.over) }
    }

    @Test("A relay that is not trusted: the user decides")
    func relayToTrust() async throws {
        let client = try TransferClient(config: Config(), store: MemoryStore(), transport: relay)
        let model = ReceiveModel(client: client) { _ in }
        let invitation = try await sender.createInvitation(Apps.request())
        model.open(invitation.shareURL)
        try await becomes(model) { $0 == .confirmRelay(host: "relay.test") }
        model.trustRelay()
        try await becomes(model) { if case .confirm = $0 { true } else { false } }
    }

    @Test("The app ends before the user has decided, and asks again when it is opened")
    func offeredAgain() async throws {
        let store = MemoryStore()
        let invitation = try await sender.createInvitation(Apps.request())
        let (first, _) = try wallet(store)
        first.open(invitation.shareURL)
        try await becomes(first) { if case .confirm = $0 { true } else { false } }
        first.reset()

        // Woken in the background, it answers nothing.
        let client = try TransferClient(config: Config(relay: relay.origin), store: store, transport: relay)
        try await client.sync(deadline: .seconds(5))
        try await sender.sync(deadline: .seconds(5))
        _ = try await sender.invitation(for: invitation.transfer)

        let (second, kept) = try wallet(store)
        second.resume()
        try await becomes(second) { if case .confirm = $0 { true } else { false } }
        second.confirm()
        async let sending = sender.follow(invitation.transfer)
        try await becomes(second) { $0 == .received(format: Apps.credential.format) }
        #expect(kept.value == [Apps.credential])
        _ = try await sending
    }

    @Test("The app ends in the middle, and goes on when it is opened again")
    func resumed() async throws {
        let store = MemoryStore()
        let invitation = try await sender.createInvitation(Apps.request(nil))
        let (first, _) = try wallet(store)
        first.open(invitation.shareURL)
        try await becomes(first) { if case .confirm = $0 { true } else { false } }
        first.confirm()
        try await sender.follow(invitation.transfer) { $0 == .established }
        first.reset()

        let (second, kept) = try wallet(store)
        second.resume()
        try await sender.sendCredential(Apps.credential, to: invitation.transfer)
        async let sending = sender.follow(invitation.transfer)
        try await becomes(second) { $0 == .received(format: Apps.credential.format) }
        #expect(kept.value == [Apps.credential])
        _ = try await sending
    }

    private func wallet(_ store: any TransferStore = MemoryStore()) throws -> (ReceiveModel, Guarded<[Credential]>) {
        let client = try TransferClient(config: Config(relay: relay.origin), store: store, transport: relay)
        let kept = Guarded([Credential]())
        return (ReceiveModel(client: client) { credential in kept.change { $0.append(credential) } }, kept)
    }

    private func becomes(_ model: ReceiveModel, _ wanted: (ReceiveModel.Stage) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !wanted(model.stage) {
            guard ContinuousClock.now < deadline else { throw Failed("it is \(model.stage)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
