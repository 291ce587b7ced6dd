import Foundation
import Testing
import Tigress

/// No invitation leaves without the sender's user.
@Suite(.timeLimit(.minutes(1))) struct ApprovalTests {
    private struct Locked: Error {}

    private struct User: UserApproval {
        let answer: @Sendable (ShareRequest) throws -> Bool
        func approve(_ request: ShareRequest) async throws -> Bool { try answer(request) }
    }

    @Test("A no, or a failure to ask, lets nothing leave; a yes is asked for anew when the link is shown again")
    func asked() async throws {
        let relay = InMemoryRelay()
        let asked = Guarded([ShareRequest]())
        let answers = Guarded([Result<Bool, Locked>.success(false), .failure(Locked()), .success(true), .success(false)])
        let user = User { request in
            asked.change { $0.append(request) }
            var answer = Result<Bool, Locked>.success(false)
            answers.change { answer = $0.removeFirst() }
            return try answer.get()
        }
        let client = try TransferClient(
            config: Config(relay: relay.origin), store: MemoryStore(), transport: relay, approval: user)
        for _ in 0..<2 {
            #expect(await failure { try await client.createInvitation(Apps.request()) }?.code == "not_approved")
            #expect(try await client.transfers().isEmpty)
        }
        let invitation = try await client.createInvitation(Apps.request())
        #expect(await failure { try await client.invitation(for: invitation.transfer) }?.code == "not_approved")
        #expect(asked.value.map(\.title) == Array(repeating: "Car key", count: 4))
        #expect(asked.value.map(\.again) == [false, false, false, true])
        #expect(asked.value.last?.transfer == invitation.transfer)
    }

    @Test("A link of this device's own is told as such")
    func ownInvitation() async throws {
        let relay = InMemoryRelay()
        let client = try TransferClient(config: Config(relay: relay.origin), store: MemoryStore(), transport: relay)
        let invitation = try await client.createInvitation(Apps.request())
        #expect(await failure { try await client.acceptInvitation(invitation.shareURL) }?.code == "own_invitation")
    }
}
