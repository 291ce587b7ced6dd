import Foundation
import Tigress

/// All that the wallet knows, and from it what the screen shows.
struct WalletState: Equatable {
    /// What is known of a transfer beside its summary.
    struct Note: Equatable {
        var triesLeft: Int?
        var isUnreachable = false
        var trouble: Trouble?
    }

    /// Whether the stores were read.
    var isReady = false
    var place = Place.list
    var transfers: [TransferSummary] = []
    var kept: Set<TransferID> = []
    var owned: [Owned] = []
    var notes: [TransferID: Note] = [:]
    /// Whether a call that the user has asked for is under way.
    var isBusy = false
    /// Of that call, where its place has no other.
    var trouble: Trouble?
    /// What the user has agreed to show.
    var sharing: Sharing?

    var screen: Screen {
        guard isReady else { return .working(nil, isUnreachable: false) }
        switch place {
        case .list: return list
        case .transfer(let id): return screen(of: id) ?? list
        case .opening(let opening):
            return opening.trouble.map { .failed(nil, $0) } ?? .working(nil, isUnreachable: false)
        case .send where isBusy: return .working(nil, isUnreachable: false)
        case .send(let draft): return .send(draft, names: toGive.map(\.name), trouble: trouble)
        case .scan: return .scan
        }
    }

    /// What its sender lets go on, and this phone's own.
    var toGive: [Owned] { owned.filter(\.mayBePassedOn) }

    private var list: Screen { .list(transfers.map(item), trouble: trouble) }

    private func screen(of id: TransferID) -> Screen? {
        guard let summary = transfers.first(where: { $0.id == id }) else { return nil }
        let item = item(summary)
        if let trouble = item.trouble { return .failed(item, trouble) }
        if item.stage == .invited {
            return .share(item, sharing.flatMap { $0.transfer == id ? $0 : nil }, trouble: trouble)
        }
        if let trouble { return .failed(item, trouble) }
        switch item.stage {
        case .offered where !isBusy: return .offer(item, Offer(summary))
        case .pin where !isBusy: return .pin(item, triesLeft: notes[id]?.triesLeft)
        case .done: return .done(item)
        default: return .working(item, isUnreachable: notes[id]?.isUnreachable ?? false)
        }
    }

    private func item(_ summary: TransferSummary) -> Item {
        // What came counts once it is kept, and then however the transfer ended.
        let isKept = kept.contains(summary.id)
        let isComing = summary.role == .receiver && summary.received > 0
        let trouble = isKept ? nil : ended(summary, isComing: isComing) ?? notes[summary.id]?.trouble
        let stage: Item.Stage =
            switch summary.state {
            case _ where isKept: .done
            case _ where trouble != nil: .failed
            case .closed where !isComing: .done
            case .invited: .invited
            case .offered: .offered
            case .pinRequired: .pin
            default: .underWay
            }
        return Item(
            id: summary.id, role: summary.role, title: summary.title.shown, relay: summary.relay.host ?? "", stage: stage,
            expiresAt: [.done, .failed].contains(stage) ? nil : summary.expiresAt, trouble: trouble)
    }

    /// What was wrong with the end, if it has one.
    private func ended(_ summary: TransferSummary, isComing: Bool) -> Trouble? {
        guard case .closed(let outcome) = summary.state, !isComing, outcome != .completed else { return nil }
        return Trouble(outcome)
    }
}

extension TransferState {
    var isClosed: Bool {
        if case .closed = self { true } else { false }
    }
}
