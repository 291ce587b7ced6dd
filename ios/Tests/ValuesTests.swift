import Foundation
import Testing
import Tigress

/// What an app's own tests make and compare, and how the public names are spelt.
@Suite struct ValuesTests {
    private let relay = URL(string: "https://relay.example")
    private let id = TransferID(UUID())

    @Test("An app's tests make each value that the library gives, with the fields that matter to them")
    func made() throws {
        let relay = try #require(relay)
        let outcome = Outcome.failed(.pinTriesUsedUp)
        let summary = TransferSummary(
            id: id, role: .receiver, state: .closed(outcome), vertical: .carKey, relay: relay, title: PeerText("Car key"),
            description: PeerText(shown: "For you", raw: "For\u{202E} you"), authenticity: .unbound, pinRequired: true,
            sent: 1)
        #expect(summary.expiresAt == nil, "not known yet")
        #expect(summary.pinRequired)
        #expect(summary.title.raw == "Car key")
        #expect(summary == summary)
        let preview = InvitationPreview(relay: relay, mailbox: UUID(), pinRequired: true, title: PeerText("Car key"))
        #expect(preview.pinRequired && preview.vertical == .general)
        let update = TransferUpdate(state: .established, events: [.established])
        #expect(update.cursor == .start)
        #expect(TigressError(code: "untrusted_relay", host: "relay.example").host == "relay.example")
        #expect(TigressError(code: "closed", outcome: outcome).outcome == outcome)
        #expect(QRCode(width: 1, pixels: Data([0])).width == 1)
    }

    @Test("All settings in one expression")
    func settings() {
        let config = Config(relay: relay, trustedRelays: [], longPoll: .seconds(20), pinDigits: 8)
        var same = Config(relay: relay)
        #expect(config != same)
        same.longPoll = .seconds(20)
        same.pinDigits = 8
        #expect(config == same)
        let request = InvitationRequest(title: "Car key", lifetime: .seconds(600), pin: true, credential: Apps.credential)
        #expect(request.pin && request.vertical == .general && request.credential == Apps.credential)
        #expect(InvitationRequest().lifetime == InvitationRequest.defaultLifetime)
    }

    @Test("An acronym in a public name is all in capitals, or all in small letters where the name begins with it")
    func acronyms() throws {
        let api = try String(contentsOf: projectFile("ios/api.txt"), encoding: .utf8)
        let mixed = api.matches(of: /\w*(?:Http|Url|Id|Pin|Oid|Svg|Qr|Uuid|Json|Os)(?![a-z])\w*/).map { String($0.output) }
        #expect(mixed.isEmpty)
    }
}
