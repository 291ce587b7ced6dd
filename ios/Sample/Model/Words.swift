import Foundation
import Tigress

extension ReceiveModel {
    /// What is offered, in the sender's words.
    struct Offer: Equatable {
        let title: String
        let text: String
        let expiresAt: Date?
        /// What the sender says was changed on the way, and is not here.
        var isAltered = false

        init(title: String, text: String, expiresAt: Date?, isAltered: Bool = false) {
            self.title = title
            self.text = text
            self.expiresAt = expiresAt
            self.isAltered = isAltered
        }

        init(_ summary: TransferSummary) {
            title = summary.title.shown
            text = summary.description.shown
            expiresAt = summary.expiresAt
            isAltered = summary.authenticity == .altered
        }
    }

    /// How far it is.
    enum Progress: Equatable {
        case waitingForSender
        case established
        /// The network is gone; it goes on by itself.
        case unreachable
    }

    /// Why it did not work, as far as a user can do something about it.
    enum Failure: Equatable {
        /// The link was cut, or is none: ask for the whole link.
        case badInvitation
        /// Too late, taken back or used: ask for a new one.
        case over
        /// Somebody else was faster, and may have seen the link: ask for a new one, by another way.
        case claimedByAnother
        /// It is this phone's own invitation.
        case ownInvitation
        /// The PIN was wrong too often.
        case wrongPIN
        /// There is no network: try again.
        case unreachable
        /// Anything else; the code is for support.
        case other(code: String)
    }
}

extension ReceiveModel.Failure {
    init(_ error: any Error) {
        self =
            switch (error as? TigressError)?.code {
            case "bad_invitation": .badInvitation
            case "expired", "already_used", "no_longer_there": .over
            case "claimed_by_another": .claimedByAnother
            case "own_invitation": .ownInvitation
            case "relay_unreachable": .unreachable
            case let code: (error as? TigressError)?.outcome.map { Self($0) } ?? .other(code: code ?? "app")
            }
    }

    init(_ outcome: Outcome) {
        self =
            switch outcome {
            case .cancelled, .declined, .expired: .over
            case .failed(.pinTriesUsedUp), .unproven(.pinTriesUsedUp): .wrongPIN
            case .failed(let reason): .other(code: "failed_\(reason)")
            case .unproven(let reason): .other(code: "unproven_\(reason)")
            case .completed, .unconfirmed: .other(code: "\(outcome)")
            }
    }

    /// Whether the same may work in a moment.
    var mayPass: Bool { self == .unreachable }
}

extension TransferState {
    var isClosed: Bool {
        if case .closed = self { true } else { false }
    }
}
