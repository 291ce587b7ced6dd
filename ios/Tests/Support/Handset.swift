import Foundation
import Testing
import Tigress

@testable import SampleModel

/// A phone with the sample wallet: what is stored outlives a kill.
@MainActor
final class Handset {
    nonisolated let wallet = MemoryWallet()
    let inbox: Folder
    /// Whether there is a network, and whether its user agrees that something leaves.
    let isOnline = Guarded(true)
    let agrees = Guarded(true)
    private(set) var client: TransferClient
    private(set) var model: WalletModel
    private let relay: InMemoryRelay
    private let store = MemoryStore()
    private let knowsRelay: Bool

    init(_ relay: InMemoryRelay, knowsRelay: Bool = true) throws {
        self.relay = relay
        self.knowsRelay = knowsRelay
        inbox = try Folder()
        client = try Self.client(relay, store, isOnline, agrees, knowsRelay)
        model = WalletModel(client: client, wallet: wallet, inbox: Inbox(folder: inbox.url), pause: .seconds(3600))
    }

    /// The process ends, whatever it does, and the app is opened again.
    func restart() async throws {
        await model.close()
        client = try Self.client(relay, store, isOnline, agrees, knowsRelay)
        model = WalletModel(client: client, wallet: wallet, inbox: Inbox(folder: inbox.url), pause: .seconds(3600))
    }

    /// Waits until a change of the model brings this.
    @discardableResult
    func until<Result>(_ found: @MainActor () -> Result?) async throws -> Result {
        let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        model.onChange = { changed.yield() }
        changed.yield()
        for await () in changes {
            if let result = found() { return result }
        }
        throw Failed("it is \(model.screen)")
    }

    /// Waits for a screen, and gives what `found` takes of it.
    @discardableResult
    func sees<Result>(_ found: (Screen) -> Result?) async throws -> Result {
        try await until { found(model.screen) }
    }

    /// What the list says, once it says this.
    @discardableResult
    func listed(_ wanted: ([Item]) -> Bool = { _ in true }) async throws -> [Item] {
        if case .list = model.screen {} else { model.back() }
        return try await sees { screen in
            if case .list(let items, _) = screen, wanted(items) { items } else { nil }
        }
    }

    /// Makes an invitation, as its user would.
    func gives(_ title: String, pin: Bool = false) async throws -> Sharing {
        try await listed()
        model.send()
        var draft = try await sees(\.draft)
        draft.title = title
        draft.pin = pin
        model.edit(draft)
        model.share()
        return try await sees(\.sharing)
    }

    /// Opens a link, and waits until its offer is shown.
    @discardableResult
    func opens(_ sharing: Sharing) async throws -> Item {
        model.open(sharing.link)
        return try await sees { if case .offer(let item, _) = $0 { item } else { nil } }
    }

    /// Takes what is offered.
    func takes(_ sharing: Sharing) async throws {
        try await opens(sharing)
        model.take()
    }

    private static func client(
        _ relay: InMemoryRelay, _ store: MemoryStore, _ isOnline: Guarded<Bool>, _ agrees: Guarded<Bool>, _ knowsRelay: Bool
    ) throws -> TransferClient {
        let config = Config(relay: knowsRelay ? relay.origin : nil, giveUpAfter: .zero)
        return try TransferClient(
            config: config, store: store, transport: Network(relay: relay, isOnline: isOnline),
            approval: Owner(agrees: agrees))
    }

    private struct Network: HTTPTransport {
        let relay: InMemoryRelay
        let isOnline: Guarded<Bool>

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            guard isOnline.value else { throw TransportError(kind: .unreachable, reason: "no network") }
            return try await relay.send(request)
        }
    }

    private struct Owner: UserApproval {
        let agrees: Guarded<Bool>

        func approve(_ request: ShareRequest) async throws -> Bool { agrees.value }
    }
}

/// What a phone keeps; a full one fails.
final class MemoryWallet: Wallet {
    static let house = Owned(name: "House", credential: Credential(format: "org.example.key", content: Data("house".utf8)))
    static let car = Owned(name: "Car", credential: Credential(format: "org.example.key", content: Data("car".utf8)))

    struct Full: Error {}

    let credentials = Guarded([TransferID: Owned]())
    let isFull = Guarded(false)
    /// How often something was to be kept.
    let times = Guarded(0)
    let place = Guarded(Saved())

    func owned() -> [Owned] { [Self.house, Self.car] + credentials.value.values }
    func kept() -> Set<TransferID> { Set(credentials.value.keys) }

    func keep(_ received: Owned, of transfer: TransferID) throws {
        times.change { $0 += 1 }
        guard !isFull.value else { throw Full() }
        credentials.change { $0[transfer] = received }
    }

    func saved() -> Saved { place.value }
    func save(_ saved: Saved) { place.change { $0 = saved } }
}

extension Screen {
    var draft: Draft? { if case .send(let draft, _, _) = self { draft } else { nil } }
    var sharing: Sharing? { if case .share(_, let sharing, _) = self { sharing } else { nil } }
    var done: Item? { if case .done(let item) = self { item } else { nil } }
    /// The tries that are left, if the PIN is asked for.
    var tries: Int?? { if case .pin(_, let left) = self { .some(left) } else { nil } }
    var trouble: Trouble? {
        switch self {
        case .failed(_, let trouble): trouble
        case .send(_, _, let trouble), .share(_, _, let trouble), .list(_, let trouble): trouble
        default: nil
        }
    }
}
