import Foundation
import Testing
import Tigress

/// The PIN, as a wallet meets it.
@Suite(.timeLimit(.minutes(1))) struct PinTests {
    @Test("Typed wrong, then right: the credential arrives, and both sides were told")
    func wrongThenRight() async throws {
        let apps = try Apps()
        let (pin, ids) = try await begin(apps)
        async let sender = apps.sender.follow(ids.sender)
        let receiver = try await apps.receiver.follow(ids.receiver) { event in
            switch event {
            case .pinRequired: try await apps.receiver.providePIN(wrong(pin), for: ids.receiver)
            case .pinRejected: try await apps.receiver.providePIN("\(pin.prefix(3))-\(pin.dropFirst(3))", for: ids.receiver)
            case .credentialReceived: try await apps.receiver.terminate(ids.receiver)
            default: break
            }
        }
        #expect(receiver.first == .pinRequired)
        #expect(receiver.contains(.pinRejected(triesLeft: 4)))
        #expect(receiver.contains(.credentialReceived(Apps.credential, index: 0)))
        #expect(receiver.last == .closed(.completed))
        let atSender = try await sender
        #expect(atSender.contains(.pinRejected(triesLeft: 4)))
        #expect(atSender.last == .closed(.completed))
    }

    @Test("Wrong too often: the transfer is destroyed on both sides, and nothing arrives")
    func usedUp() async throws {
        let apps = try Apps()
        let (pin, ids) = try await begin(apps)
        async let sender = apps.sender.follow(ids.sender)
        let receiver = try await apps.receiver.follow(ids.receiver) { event in
            switch event {
            case .pinRequired, .pinRejected(triesLeft: 1...):
                try await apps.receiver.providePIN(wrong(pin), for: ids.receiver)
            default: break
            }
        }
        #expect(receiver.filter { if case .pinRejected = $0 { true } else { false } }.count == 5)
        #expect(receiver.last == .closed(.failed(.pinTriesUsedUp)))
        #expect(!receiver.contains(.established))
        #expect(try await sender.last == .closed(.failed(.pinTriesUsedUp)))
    }

    @Test("A PIN that is none, not asked for, or given to an invitation without one")
    func errors() async throws {
        let apps = try Apps()
        let (pin, ids) = try await begin(apps)
        #expect(await failure { try await apps.sender.providePIN(pin, for: ids.sender) }?.code == "not_the_receiver")
        try await apps.receiver.follow(ids.receiver) { $0 == .pinRequired }
        #expect(try await apps.sender.transfers().map(\.pinRequired) == [true])
        #expect(try await apps.receiver.transfers().map(\.pinRequired) == [true])
        #expect(await failure { try await apps.receiver.providePIN("12345", for: ids.receiver) }?.code == "bad_pin")
        try await apps.receiver.providePIN(pin, for: ids.receiver)
        #expect(await failure { try await apps.receiver.providePIN(pin, for: ids.receiver) }?.code == "pin_not_asked")

        let open = try await apps.sender.createInvitation(Apps.request())
        #expect(open.pin == nil)
        #expect(try await apps.sender.transfers().first { $0.id == open.transfer }?.pinRequired == false)
        let error = await failure {
            try await apps.receiver.acceptInvitation(open.shareURL, options: AcceptOptions(pin: "123456"))
        }
        #expect(error?.code == "pin_downgrade")
    }

    @Test("The PIN may be given with the invitation, and is not shown by accident")
    func early() async throws {
        let apps = try Apps()
        var request = Apps.request()
        request.pin = true
        let invitation = try await apps.sender.createInvitation(request)
        let options = try AcceptOptions(pin: #require(invitation.pin), confirmed: true)
        #expect(!"\(options)".contains(options.pin ?? ""))
        #expect(try parseInvitation(invitation.shareURL).pinRequired)
        let id = try await apps.receiver.acceptInvitation(invitation.shareURL, options: options)
        async let sender = apps.sender.follow(invitation.transfer)
        let receiver = try await apps.receiver.receive(id)
        #expect(!receiver.contains(.pinRequired))
        #expect(receiver.last == .closed(.completed))
        _ = try await sender
    }

    private func begin(_ apps: Apps) async throws -> (pin: String, (sender: TransferID, receiver: TransferID)) {
        var request = Apps.request()
        request.pin = true
        let invitation = try await apps.sender.createInvitation(request)
        let pin = try #require(invitation.pin)
        #expect(pin.wholeMatch(of: /[0-9]{6}/) != nil)
        return try await (
            pin, (invitation.transfer, apps.receiver.acceptInvitation(invitation.shareURL, options: .confirmed))
        )
    }

    private func wrong(_ pin: String) -> String {
        pin.hasPrefix("0") ? "1" + pin.dropFirst() : "0" + pin.dropFirst()
    }
}
