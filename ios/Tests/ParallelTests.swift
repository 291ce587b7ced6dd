import Foundation
import Testing
import Tigress

/// Many transfers at once: waiting ones hold no thread and delay no write.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ParallelTests {
    @Test("200 wait at once with the built-in transport, without a thread each")
    func builtIn() async throws {
        try await waiting(200, .builtIn)
    }

    @Test("20 wait at once with URLSession")
    func urlSession() async throws {
        try await waiting(20, .urlSession)
    }

    @Test("Ten transfers run side by side between two clients")
    func sideBySide() async throws {
        let apps = try Apps()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10 {
                group.addTask {
                    let credential = Credential(format: "org.example.key", content: Data("\(number)".utf8))
                    let ids = try await apps.begin(Apps.request(credential))
                    async let sender = apps.sender.follow(ids.sender)
                    let receiver = try await apps.receiver.receive(ids.receiver)
                    #expect(receiver.contains(.credentialReceived(credential, index: 0)))
                    #expect(try await sender.last == .closed(.completed))
                }
            }
            try await group.waitForAll()
        }
    }

    private func waiting(_ count: Int, _ way: Way) async throws {
        let apps = try Apps(way)
        var invitations: [Invitation] = []
        for _ in 0..<count {
            try await invitations.append(apps.sender.createInvitation(Apps.request(nil)))
        }
        let threads = Self.threads()
        let accepted = Guarded(0)
        let waiting = invitations.map { invitation in
            Task {
                try await apps.sender.follow(invitation.transfer) { $0 == .accepted }
                accepted.change { $0 += 1 }
            }
        }
        try await Task.sleep(for: .seconds(1))
        if way == .builtIn, let before = threads, let now = Self.threads() {
            #expect(now - before < 20, "\(count) waiting polls took \(now - before) threads")
        }

        // A write goes through, and not when one of the reads has ended, which wait for 50 s.
        let clock = ContinuousClock()
        let taken = try await clock.measure { _ = try await apps.sender.createInvitation(Apps.request(nil)) }
        #expect(taken < .seconds(25))

        // And each of those that wait is woken.
        for invitation in invitations {
            _ = try await apps.receiver.acceptInvitation(invitation.shareURL, options: .confirmed)
        }
        try await apps.receiver.sync(deadline: .seconds(60))
        #expect(try await eventually { accepted.value == count })
        for task in waiting { try await task.value }
    }

    /// The threads of this process, where the system tells.
    private static func threads() -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        return status.split(separator: "\n").first { $0.hasPrefix("Threads:") }
            .flatMap { Int($0.dropFirst("Threads:".count).trimmingCharacters(in: .whitespaces)) }
    }
}
