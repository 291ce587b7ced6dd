import Foundation
import Testing
import Tigress

/// How a wallet tests itself without a network: the sample for `InMemoryRelay`.
@Suite(.timeLimit(.minutes(1))) struct InMemoryRelayTests {
    @Test("Two wallets hand over a credential through a relay in memory")
    func wholeTransfer() async throws {
        let relay = InMemoryRelay()
        let config = Config(relay: relay.origin)
        let sender = try TransferClient(config: config, store: MemoryStore(), transport: relay)
        let receiver = try TransferClient(config: config, store: MemoryStore(), transport: relay)

        var request = InvitationRequest(title: "Room 12")
        request.credential = Credential(format: "org.example.pass", content: Data("open".utf8))
        let invitation = try await sender.createInvitation(request)
        #expect(relay.mailboxes == 1)

        let id = try await receiver.acceptInvitation(invitation.shareURL, options: .confirmed)
        async let sending = sender.follow(invitation.transfer)
        var received: Credential?
        for try await event in receiver.events(of: id) {
            if case .credentialReceived(let credential, _) = event {
                received = credential
                try await receiver.terminate(id)
            }
        }
        #expect(received == request.credential)
        #expect(try await sending.last == .closed(.completed))
        #expect(relay.mailboxes == 0)
    }
}
