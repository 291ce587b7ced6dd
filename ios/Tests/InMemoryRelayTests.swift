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

    @Test("A list of all transfers comes at once and whenever it is another, and what has ended may be forgotten")
    func lists() async throws {
        let relay = InMemoryRelay()
        let wallet = try TransferClient(config: Config(relay: relay.origin), store: MemoryStore(), transport: relay)
        var lists = wallet.transferLists().makeAsyncIterator()
        #expect(try await lists.next() == [])
        var request = InvitationRequest(title: "Room 12")
        request.vertical = .homeKey
        let invitation = try await wallet.createInvitation(request)
        var list = try await lists.next()
        while list?.isEmpty == true { list = try await lists.next() }
        #expect(list?.map(\.vertical) == [.homeKey])
        #expect(list?.map(\.relay) == [relay.origin])
        try await wallet.terminate(invitation.transfer, reason: .cancelled)
        _ = try await wallet.follow(invitation.transfer)
        try await wallet.forget(invitation.transfer)
        while list != [] { list = try await lists.next() }
    }
}
