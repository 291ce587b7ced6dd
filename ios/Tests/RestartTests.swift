import Foundation
import Testing
import Tigress

/// Apps are killed at any time: what was stored goes on.
@Suite(.timeLimit(.minutes(1))) struct RestartTests {
    private let key = Data(repeating: 7, count: 32)

    @Test("Both sides are restarted after every single event, and the credential arrives")
    func afterEveryEvent() async throws {
        let relay = try RelayProcess()
        let (senderFolder, receiverFolder) = try (Folder(), Folder())
        let invitation = try await client(relay, senderFolder).createInvitation(Apps.request())
        let id = try await client(relay, receiverFolder).acceptInvitation(invitation.shareURL, options: .confirmed)

        async let sender = lives(relay, senderFolder, invitation.transfer)
        let receiver = try await lives(relay, receiverFolder, id) { client, event in
            // Dealt with twice, if it comes again: ended once.
            if case .credentialReceived = event { try? await client.terminate(id) }
        }
        #expect(receiver.contains(.credentialReceived(Apps.credential, index: 0)))
        #expect(receiver.last == .closed(.completed))
        #expect(try await sender.last == .closed(.completed))
    }

    @Test("A credential that was not acknowledged comes again after a restart, the same")
    func again() async throws {
        let relay = try RelayProcess()
        let (sender, folder) = try (Apps.client(relay.origin, store: MemoryStore()), Folder())
        let invitation = try await sender.createInvitation(Apps.request())
        let id = try await client(relay, folder).acceptInvitation(invitation.shareURL, options: .confirmed)
        let sending = Task { try await sender.follow(invitation.transfer) }
        let wanted = TransferEvent.credentialReceived(Apps.credential, index: 0)
        for _ in 0..<3 {
            try await client(relay, folder).follow(id) { $0 == wanted }
        }
        let last = try client(relay, folder)
        #expect(try await last.receive(id).first == wanted)
        #expect(try await sending.value.last == .closed(.completed))
        #expect(try await last.transfers().first?.state == .closed(.completed))
    }

    @Test("Sender and receiver of one app share a store, and both find their transfers in it again")
    func list() async throws {
        let relay = try RelayProcess()
        let folder = try Folder()
        let invitation = try await client(relay, folder).createInvitation(Apps.request())
        let other = try Apps.client(relay.origin, store: MemoryStore())
        let theirs = try await other.createInvitation(Apps.request())
        let received = try await client(relay, folder).acceptInvitation(theirs.shareURL, options: .confirmed)
        let all = try await client(relay, folder).transfers()
        #expect(Set(all.map(\.id)) == [invitation.transfer, received])
        #expect(all.first { $0.id == invitation.transfer }?.role == .sender)
    }

    private func client(_ relay: RelayProcess, _ folder: Folder) throws -> TransferClient {
        try Apps.client(relay.origin, store: DirectoryStore(folder: folder.url, key: key))
    }

    /// One life of the app for each event: it ends without acknowledging it, and the next life begins with it again.
    private func lives(
        _ relay: RelayProcess, _ folder: Folder, _ id: TransferID,
        react: (TransferClient, TransferEvent) async throws -> Void = { _, _ in }
    ) async throws -> [TransferEvent] {
        var all: [TransferEvent] = []
        while true {
            let client = try client(relay, folder)
            var events = client.events(of: id).makeAsyncIterator()
            if let last = all.last {
                #expect(try await events.next() == last)
            }
            guard let event = try await events.next() else { return all }
            all.append(event)
            try await react(client, event)
        }
    }
}
