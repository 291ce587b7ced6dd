import Tigress

/// Why something did not work.
struct Trouble: Equatable, Codable {
    /// As far as a user can do something about it.
    enum Failure: String, Codable, CaseIterable {
        /// The link was cut, or is none: ask for the whole link.
        case badInvitation
        /// Too late, or used: ask for a new one.
        case over
        /// Somebody else was faster, and may have seen the link.
        case claimedByAnother
        /// It is this phone's own invitation.
        case ownInvitation
        /// The wallet does not know its relay: the user decides.
        case untrustedRelay
        /// The PIN was wrong too often.
        case wrongPIN
        /// The receiver did not want it.
        case declined
        /// The sender took it back.
        case takenBack
        /// It has ended, and nobody knows whether the other side was told.
        case unconfirmed
        /// This phone's user did not agree that it leaves.
        case notApproved
        /// There is no network.
        case unreachable
        /// The credential came, and could not be written down.
        case notKept
        /// Something else that may pass.
        case later
        /// Anything else.
        case other
    }

    let failure: Failure
    /// Of an untrusted relay the host; else a code for support.
    var detail = ""

    /// Whether the same may work in a moment.
    var mayPass: Bool { [.unreachable, .notKept, .later].contains(failure) }
}

extension Trouble {
    init(_ error: any Error) {
        guard let error = error as? TigressError else {
            self.init(failure: .other, detail: "app")
            return
        }
        let failure: Failure? =
            switch error.code {
            case "bad_invitation": .badInvitation
            case "expired", "already_used", "no_longer_there": .over
            case "claimed_by_another": .claimedByAnother
            case "own_invitation": .ownInvitation
            case "untrusted_relay": .untrustedRelay
            case "wrong_pin": .wrongPIN
            case "not_approved": .notApproved
            case "relay_unreachable": .unreachable
            default: nil
            }
        if failure == nil, let outcome = error.outcome {
            self.init(outcome)
        } else {
            let other = failure ?? (error.isRetryable ? .later : .other)
            self.init(failure: other, detail: (other == .untrustedRelay ? error.host : nil) ?? error.code)
        }
    }

    /// How it ended, where that is not as it should be.
    init(_ outcome: Outcome) {
        switch outcome {
        case .declined: self.init(failure: .declined)
        case .cancelled: self.init(failure: .takenBack)
        case .expired: self.init(failure: .over, detail: "expired")
        case .completed, .unconfirmed: self.init(failure: .unconfirmed)
        case .failed(.pinTriesUsedUp), .unproven(.pinTriesUsedUp): self.init(failure: .wrongPIN)
        case .failed(let reason): self.init(failure: .other, detail: "failed_\(reason)")
        case .unproven(let reason): self.init(failure: .other, detail: "unproven_\(reason)")
        }
    }
}
