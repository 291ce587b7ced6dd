import Foundation
import Testing
import Tigress

/// A whole transfer between two Swift clients over a real relay.
@Suite(.timeLimit(.minutes(1))) struct TransferTests {
    @Test("A credential goes over, a note each way, and both know that it is done", arguments: Way.allCases)
    func wholeTransfer(way: Way) async throws {
        let apps = try Apps(way)
        let invitation = try await apps.sender.createInvitation(Apps.request())
        let preview = try parseInvitation(invitation.shareURL)
        #expect(preview.relay == apps.relay.origin)
        #expect(!preview.pinRequired)

        // By file: title and text come with it.
        let file = try parseInvitation(contents: invitation.file)
        #expect(file.title?.shown == "Car key")
        #expect(file.sender?.shown == "Ada")
        #expect(file.format == Apps.credential.format)
        #expect(file.expiresAt == invitation.expiresAt)

        let received = try await apps.receiver.acceptInvitation(contents: invitation.file, options: .confirmed)
        let offer = try #require(try await apps.receiver.transfers().first { $0.id == received })
        #expect(offer.role == .receiver)
        #expect(offer.title.shown == "Car key")
        #expect(offer.authenticity == .authentic)
        #expect(offer.sender.shown == "Ada")
        #expect(offer.format == Apps.credential.format)
        #expect(offer.mayBePassedOn)

        async let atSender = apps.sender.follow(invitation.transfer) { event in
            if case .credentialReceived = event {
                try await apps.sender.sendCredential(Apps.note, to: invitation.transfer)
            }
        }
        var arrived: [Credential] = []
        let atReceiver = try await apps.receiver.follow(received) { event in
            guard case .credentialReceived(let credential, _) = event else { return }
            arrived.append(credential)
            if arrived.count == 1 {
                try await apps.receiver.sendCredential(Apps.note, to: received)
            } else {
                try await apps.receiver.terminate(received)
            }
        }

        #expect(arrived == [Apps.credential, Apps.note])
        #expect(atReceiver.last == .closed(.completed))
        let events = try await atSender
        #expect(events.contains(.accepted))
        #expect(events.contains(.credentialReceived(Apps.note, index: 0)))
        #expect(events.contains(.credentialDelivered(index: 1)))
        #expect(events.last == .closed(.completed))
    }

    @Test("What is sent later arrives too, and the two are never online together")
    func neverTogether() async throws {
        let apps = try Apps()
        let ids = try await apps.begin(Apps.request(nil))
        try await apps.sender.sendCredential(Apps.credential, to: ids.sender)
        var arrived = false
        for _ in 0..<6 where !arrived {
            try await apps.receiver.sync(deadline: .seconds(5))
            try await apps.sender.sync(deadline: .seconds(5))
            let update = try await apps.receiver.poll(ids.receiver)
            arrived = update.events.contains(.credentialReceived(Apps.credential, index: 0))
        }
        #expect(arrived)
    }

    @Test("Each side can end it, and the other is told why")
    func endings() async throws {
        let apps = try Apps()
        let declined = try await apps.begin()
        async let sender = apps.sender.follow(declined.sender)
        let receiver = try await apps.receiver.follow(declined.receiver) { event in
            if event == .established { try await apps.receiver.decline(declined.receiver) }
        }
        #expect(receiver.last == .closed(.declined))
        #expect(try await sender.last == .closed(.declined))

        let cancelled = try await apps.begin(Apps.request(nil))
        async let other = apps.receiver.follow(cancelled.receiver)
        let own = try await apps.sender.follow(cancelled.sender) { event in
            if event == .established { try await apps.sender.terminate(cancelled.sender, reason: .cancelled) }
        }
        #expect(own.last == .closed(.cancelled))
        #expect(try await other.last == .closed(.cancelled))
    }

    @Test("An invitation shows its QR code, and neither it nor a credential shows its secret by accident")
    func secretsAreNotShown() async throws {
        let apps = try Apps()
        let invitation = try await apps.sender.createInvitation(Apps.request())
        #expect(invitation.qrCodeSVG().hasPrefix("<svg"))
        let code = invitation.qrCode()
        #expect(code.pixels.count == code.width * code.width && Set(code.pixels) == [0, 255])
        #expect("\(code)" == "QRCode(\(code.width)x\(code.width))")

        let secret = try #require(invitation.shareURL.fragment)
        var shown = ""
        dump(invitation, to: &shown)
        shown += "\(invitation) \(String(reflecting: invitation))"
        #expect(!shown.contains(secret))

        let credential = Credential(format: "org.example.key", content: Data("hush".utf8))
        dump(credential, to: &shown)
        shown += "\(credential) \(String(reflecting: credential)) \(TransferEvent.credentialReceived(credential, index: 0))"
        #expect(!shown.contains("hush"))
    }

    @Test("An id is stored as its text alone")
    func idsAreText() throws {
        let text = "\"123e4567-e89b-42d3-a456-426614174000\""
        let id = try JSONDecoder().decode(TransferID.self, from: Data(text.uppercased().utf8))
        #expect(String(decoding: try JSONEncoder().encode(id), as: UTF8.self) == text)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(TransferID.self, from: Data("\"no id\"".utf8)) }
    }

    @Test("The same idempotency key gives the same invitation, until it is used")
    func idempotency() async throws {
        let apps = try Apps()
        var request = Apps.request()
        request.idempotencyKey = "weekend"
        request.notificationToken = NotificationToken(type: "com.apple.apns", data: "00ff")
        request.vertical = .carKey
        request.lifetime = .seconds(600)
        let first = try await apps.sender.createInvitation(request)
        let again = try await apps.sender.createInvitation(request)
        #expect(first.shareURL == again.shareURL)
        #expect(try await apps.sender.invitation(for: first.transfer).shareURL == first.shareURL)
        #expect(try parseInvitation(first.shareURL).vertical == .carKey)
        #expect(abs(first.expiresAt.timeIntervalSinceNow - 600) < 30)
        try await apps.sender.setNotificationToken(nil, for: first.transfer)
    }
}
