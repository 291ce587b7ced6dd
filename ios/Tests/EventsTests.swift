import Foundation
import Testing
import Tigress

/// `events(of:)`: nothing is lost, one at a time watches, cancelling stops at once.
@Suite(.timeLimit(.minutes(1))) struct EventsTests {
    @Test("An event is acknowledged when the next is asked for, not before")
    func acknowledging() async throws {
        let relay = InMemoryRelay()
        let store = MemoryStore()
        let (sender, _, id) = try await invited(relay, store)

        var first = sender.events(of: id).makeAsyncIterator()
        #expect(try await first.next() == .accepted)
        first = sender.events(of: id).makeAsyncIterator()
        #expect(try await first.next() == .accepted, "it was not dealt with: it comes again")
        #expect(try await first.next() == .established)
        first = sender.events(of: id).makeAsyncIterator()
        #expect(try await first.next() == .established, "the one before was")
    }

    @Test("After the end there is nothing more, and the last event comes again until it is acknowledged")
    func end() async throws {
        let relay = InMemoryRelay()
        let (sender, receiver, id) = try await invited(relay, MemoryStore())
        try await sender.terminate(id, reason: .cancelled)
        async let other: Void = run(receiver)
        var iterator = sender.events(of: id).makeAsyncIterator()
        var last: TransferEvent?
        while let event = try await iterator.next() {
            last = event
            if case .closed = event { break }
        }
        #expect(last == .closed(.cancelled))
        iterator = sender.events(of: id).makeAsyncIterator()
        #expect(try await iterator.next() == .closed(.cancelled))
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
        #expect(try await sender.follow(id).isEmpty)
        try await other
    }

    @Test("A second one is told that somebody watches already; after the first has gone it may")
    func oneAtATime() async throws {
        let relay = InMemoryRelay()
        let (sender, _, id) = try await invited(relay, MemoryStore())
        for try await event in sender.events(of: id) {
            #expect(event == .accepted)
            let error = await failure { try await sender.follow(id) }
            #expect(error?.code == "already_observed")
            break
        }
        for try await event in sender.events(of: id) {
            #expect(event == .accepted)
            break
        }
    }

    @Test("A cancelled task gets out at once, wherever it waits", arguments: Way.allCases)
    func cancellation(way: Way) async throws {
        let apps = try Apps(way)
        let invitation = try await apps.sender.createInvitation(Apps.request())
        let started = ContinuousClock.now
        let watching = Task { try await apps.sender.follow(invitation.transfer) }
        let polling = Task { try await apps.sender.poll(invitation.transfer, wait: .seconds(60)) }
        // Both wait at the relay, or for each other.
        try await Task.sleep(for: .milliseconds(200))
        watching.cancel()
        polling.cancel()
        await #expect(throws: CancellationError.self) { try await watching.value }
        await #expect(throws: CancellationError.self) { try await polling.value }
        // Not when what they waited for is over, which takes 50 s.
        #expect(ContinuousClock.now - started < .seconds(25))

        // Nothing is lost by it.
        let id = try await apps.receiver.acceptInvitation(invitation.shareURL, options: .confirmed)
        async let sender = apps.sender.follow(invitation.transfer)
        let receiver = try await apps.receiver.receive(id)
        #expect(receiver.contains(.credentialReceived(Apps.credential, index: 0)))
        #expect(try await sender.last == .closed(.completed))
    }

    @Test("A task that is cancelled before it begins does nothing")
    func cancelledBefore() async throws {
        let relay = InMemoryRelay()
        let client = try client(relay, MemoryStore())
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.createInvitation(Apps.request())
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(relay.mailboxes == 0)
    }

    @Test("Without a relay the sequence says so and goes on by itself")
    func unreachable() async throws {
        let relay = InMemoryRelay()
        let broken = Breakable(relay)
        let sender = try TransferClient(config: Config(relay: relay.origin), store: MemoryStore(), transport: broken)
        let invitation = try await sender.createInvitation(Apps.request())
        let receiver = try client(relay, MemoryStore())
        let id = try await receiver.acceptInvitation(invitation.shareURL, options: .confirmed)
        broken.isBroken = true

        let told = Guarded<[Bool]>([])
        let events = sender.events(of: invitation.transfer) { error in
            told.change { $0.append(error != nil) }
            broken.isBroken = false
        }
        async let other = receiver.receive(id)
        var all: [TransferEvent] = []
        for try await event in events {
            all.append(event)
        }
        #expect(all.last == .closed(.completed))
        #expect(broken.failures > 0)
        #expect(told.value == [true, false], "unreachable, and again reachable")
        _ = try await other
    }

    /// A transfer that the receiver has answered.
    private func invited(
        _ relay: InMemoryRelay, _ store: any TransferStore
    ) async throws -> (TransferClient, TransferClient, TransferID) {
        let sender = try client(relay, store)
        let receiver = try client(relay, MemoryStore())
        let invitation = try await sender.createInvitation(Apps.request(nil))
        _ = try await receiver.acceptInvitation(invitation.shareURL, options: .confirmed)
        try await receiver.sync(deadline: .seconds(5))
        return (sender, receiver, invitation.transfer)
    }

    private func client(_ relay: InMemoryRelay, _ store: any TransferStore) throws -> TransferClient {
        try TransferClient(config: Config(relay: relay.origin), store: store, transport: relay)
    }

    private func run(_ client: TransferClient) async throws {
        let id = try #require(try await client.transfers().first?.id)
        _ = try await client.follow(id)
    }
}

/// A transport that answers with a server's error while it is broken.
final class Breakable: HTTPTransport {
    private let inner: any HTTPTransport
    private let state = Guarded((isBroken: false, failures: 0))

    init(_ inner: any HTTPTransport) {
        self.inner = inner
    }

    var isBroken: Bool {
        get { state.value.isBroken }
        set { state.change { $0.isBroken = newValue } }
    }

    var failures: Int { state.value.failures }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        if isBroken {
            state.change { $0.failures += 1 }
            return HTTPResponse(status: 503)
        }
        return try await inner.send(request)
    }
}
