import Foundation
import Tigress

/// All that the wallet says.
enum Words {
    static let app = "Sample Wallet"

    static func heading(_ screen: Screen) -> String {
        switch screen {
        case .list: app
        case .offer: "You are offered"
        case .pin: "Type the PIN"
        case .working: "One moment…"
        case .done(let item): item.role == .sender ? "It has arrived" : "It is in your wallet"
        case .failed(_, let trouble): trouble.failure == .untrustedRelay ? "Do you expect this?" : "It did not work"
        case .send: "Give something"
        case .share: "Ready to be sent"
        case .scan: "Open an invitation"
        }
    }

    static func title(_ item: Item) -> String { item.title.isEmpty ? "A credential" : item.title }

    static func role(_ item: Item) -> String { item.role == .sender ? "Given" : "For you" }

    static func stage(_ item: Item) -> String {
        switch item.stage {
        case .invited: "nobody has opened it yet"
        case .offered: "waits for your answer"
        case .pin: "waits for the PIN"
        case .underWay: "under way"
        case .done: item.role == .sender ? "has arrived" : "in your wallet"
        case .failed: item.trouble?.mayPass == true ? "interrupted" : "did not work"
        }
    }

    /// From whom it is, if they say; nothing proves it.
    static func sender(_ offer: Offer) -> String? {
        offer.sender.isEmpty ? nil : "From “\(offer.sender)”, as they call themselves"
    }

    /// What comes, and what its sender lets one do with it.
    static func terms(_ offer: Offer) -> String {
        let may = offer.mayBePassedOn ? "You may pass it on" : "It is for you alone"
        return offer.format.map { "\(may). Its kind: \($0)" } ?? "\(may)."
    }

    /// By which way, and until when.
    static func way(_ item: Item) -> String {
        let until = item.expiresAt.map { " · until \($0.formatted(date: .abbreviated, time: .shortened))" }
        return "by \(item.relay)\(until ?? "")"
    }

    static func trouble(_ trouble: Trouble) -> String {
        switch trouble.failure {
        case .badInvitation: "This is no whole invitation. Copy all of the link again, or ask for the file."
        case .over: "The invitation is over: it has expired, or was used. Ask the sender for a new one."
        case .claimedByAnother:
            "Another device was faster, or the link was changed on the way. Copy the whole link again; if that is no help, "
                + "tell the sender: somebody may have seen it."
        case .ownInvitation: "You made this invitation yourself: send it to somebody else."
        case .untrustedRelay:
            "This invitation comes by way of \(trouble.detail), which this wallet does not know. Go on only if you expected it."
        case .wrongPIN: "The PIN was wrong too often, and the invitation has ended. Ask the sender for a new one."
        case .declined: "It was not wanted."
        case .takenBack: "The sender has taken it back."
        case .unconfirmed: "It has ended, and nobody has confirmed it. Ask the other one whether it is there."
        case .notApproved: "Nothing has left this phone: you did not agree."
        case .unreachable: "There is no connection. Nothing is lost: try again when there is one."
        case .notKept:
            "The credential has come, and could not be written down. Is the phone full? The wallet tries again."
        case .later: "It did not work just now (\(trouble.detail)). Nothing is lost: try again in a moment."
        case .other: "It did not work (\(trouble.detail)). Ask the sender to invite you again."
        }
    }

    /// What keeps the button off, or that it is on.
    static func pin(_ problem: PINEntry.Problem?) -> String {
        switch problem {
        case .empty: "6 to 12 digits. The sender tells you them, not with the link."
        case .notDigits: "A PIN has digits only."
        case .tooShort: "A PIN has 6 digits at least."
        case .tooLong: "A PIN has 12 digits at most."
        case nil: "Ready to be sent."
        }
    }

    static func wrongPIN(triesLeft: Int) -> String { "That was not the PIN. Tries left: \(triesLeft)" }

    /// The PIN digit by digit, as it is read out.
    static func spoken(pin: String) -> String { pin.map(String.init).joined(separator: " ") }

    static func approval(title: String, again: Bool) -> String {
        again ? "Show the invitation “\(title)” again" : "Share “\(title)”"
    }

    /// What a notification says; the credential's name is not for a locked screen.
    static func news(_ transfer: TransferSummary) -> String {
        switch transfer.state {
        case .pinRequired: "A credential waits for its PIN"
        case .offered: "A credential is offered to you"
        default: transfer.role == .sender ? "What you gave has its end" : "What you were given has its end"
        }
    }
}
