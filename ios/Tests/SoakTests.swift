import Foundation
import Testing
import Tigress

private let soak = ProcessInfo.processInfo.environment["TIGRESS_SOAK"].flatMap(Int.init)

/// Figures, and what only many transfers show: `TIGRESS_SOAK=1000 scripts/test swift`. Run alone, so that they mean something.
@Suite(.serialized, .enabled(if: soak != nil, "TIGRESS_SOAK says how many transfers")) struct SoakTests {
    @Test("Many transfers, one after another, leave no memory behind")
    func memory() async throws {
        let count = soak ?? 0
        // The first ones fill caches and pools.
        for _ in 0..<count / 5 { try await transfer() }
        let before = try resident()
        for _ in 0..<count { try await transfer() }
        let growth = try resident() - before
        print("memory after \(count) transfers: \(growth) KiB more, \(growth * 1024 / max(count, 1)) bytes a transfer")
        #expect(growth < 8 * 1024)
    }

    @Test("What a call costs that does nothing")
    func overhead() async throws {
        let relay = InMemoryRelay()
        let client = try TransferClient(config: Config(), store: MemoryStore(), transport: relay)
        let (calls, clock) = (10_000, ContinuousClock())
        let sync = clock.measure { for _ in 0..<calls { _ = relay.mailboxes } }
        let async = try await clock.measure { for _ in 0..<calls { _ = try await client.transfers() } }
        print("a call: \(sync / calls); an async call, with a look into an empty store: \(async / calls)")
    }

    private func transfer() async throws {
        let relay = InMemoryRelay()
        let config = Config(relay: relay.origin)
        let sender = try TransferClient(config: config, store: MemoryStore(), transport: relay)
        let receiver = try TransferClient(config: config, store: MemoryStore(), transport: relay)
        let invitation = try await sender.createInvitation(Apps.request())
        let id = try await receiver.acceptInvitation(invitation.shareURL, options: .confirmed)
        async let sending = sender.follow(invitation.transfer)
        #expect(try await receiver.receive(id).last == .closed(.completed))
        _ = try await sending
    }

    /// Resident memory in KiB, where the system tells.
    private func resident() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}
