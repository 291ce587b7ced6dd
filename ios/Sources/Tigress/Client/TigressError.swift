import Foundation

/// Why a call failed.
///
/// ``code`` is stable and is what logs and tests should use; apps match the case. Neither holds a secret, a URL or a payload.
/// The texts are English and meant for developers: an app shows its own words. What each error means for an app is listed
/// in the project's `docs/errors.md`.
public enum TigressError: Error, Sendable, Hashable {
    /// The text or file is no invitation; `what` says why by a stable word, such as `secret_missing`.
    case badInvitation(what: String, reason: String)
    /// The invitation's relay is neither the app's own nor a trusted one. An app may ask its user, then accept again with
    /// ``AcceptOptions/trust``.
    case untrustedRelay(host: String)
    /// The invitation's time is over.
    case expired
    /// This device has answered this invitation before, in another transfer.
    case alreadyUsed
    /// Another device was faster, and the link may have been seen by somebody; or the link was changed on the way.
    case claimedByAnother
    /// The relay has no such mailbox: ended, taken back, expired, or never there.
    case noLongerThere
    /// The PIN was wrong too often, and the transfer is destroyed on both sides. A wrong PIN with tries left is an event,
    /// ``TransferEvent/pinRejected(triesLeft:)``.
    case wrongPin(triesLeft: Int)
    /// A PIN was given where none is asked for, or the invitation and its auth credential do not agree about one: somebody may
    /// have changed the link. The invitation was given back.
    case pinDowngrade
    /// What was to be sent is not in order.
    case badCredential(reason: String)
    /// More than the protocol allows.
    case tooLarge(reason: String)
    /// No answer from the relay within the time.
    ///
    /// In the time of `retryAfter` the client asks for nothing more, whoever calls.
    case relayUnreachable(kind: TransportError.Kind, reason: String, retryAfter: Duration? = nil)
    /// The relay's certificate is not to be trusted: it is not asked again by itself.
    case untrustedCertificate(reason: String)
    /// The relay answered with an error, a redirect, or something that is no answer (status 0).
    ///
    /// In the time of `retryAfter` the client asks for nothing more, whoever calls: the relay wants it so.
    case relayRefused(status: Int, reason: String, retryAfter: Duration? = nil)
    /// The store failed; whether the last change was stored is not known.
    case store(reason: String)
    /// Another process or thread was writing the same record.
    case storeBusy
    /// The transfer has ended.
    case closed(Outcome)
    /// The library was built without its own HTTP client, and ``BuiltInTransport`` was asked for.
    case noTransport
    /// The security context refused: major status with RFC 2744's numbers, minor status of this protocol.
    case security(major: UInt32, minor: UInt32, text: String)
    /// Any other error, by its code.
    case other(code: String, reason: String, retryable: Bool)
}

extension TigressError {
    /// The stable code, such as `relay_unreachable`.
    public var code: String {
        switch self {
        case .badInvitation: "bad_invitation"
        case .untrustedRelay: "untrusted_relay"
        case .expired: "expired"
        case .alreadyUsed: "already_used"
        case .claimedByAnother: "claimed_by_another"
        case .noLongerThere: "no_longer_there"
        case .wrongPin: "wrong_pin"
        case .pinDowngrade: "pin_downgrade"
        case .badCredential: "bad_credential"
        case .tooLarge: "too_large"
        case .relayUnreachable: "relay_unreachable"
        case .untrustedCertificate: "untrusted_certificate"
        case .relayRefused: "relay_refused"
        case .store: "store"
        case .storeBusy: "store_busy"
        case .closed: "closed"
        case .noTransport: "no_transport"
        case .security: "security"
        case .other(let code, _, _): code
        }
    }

    /// Whether the same call may succeed later, unchanged.
    public var isRetryable: Bool {
        switch self {
        case .relayUnreachable, .storeBusy, .store: true
        case .relayRefused(let status, _, let retryAfter): status == 429 || status >= 500 || retryAfter != nil
        case .other(_, _, let retryable): retryable
        default: false
        }
    }
}

extension TigressError {
    /// How long the client asks its relay for nothing, whoever calls; for calls that are made again and again.
    public var retryAfter: Duration? {
        switch self {
        case .relayUnreachable(_, _, let retryAfter), .relayRefused(_, _, let retryAfter): retryAfter
        default: nil
        }
    }
}

extension TigressError: LocalizedError {
    /// A reason for developers, in English.
    public var errorDescription: String? {
        switch self {
        case .badInvitation(_, let reason): "bad invitation: \(reason)"
        case .untrustedRelay(let host): "the relay \(host) is not trusted"
        case .expired: "the invitation has expired"
        case .alreadyUsed: "the invitation was used already"
        case .claimedByAnother: "another device was faster, or the link was changed"
        case .noLongerThere: "the invitation is no longer there"
        case .wrongPin(let triesLeft): "wrong PIN, \(triesLeft) tries left"
        case .pinDowngrade: "the invitation and what was given do not agree about a PIN"
        case .badCredential(let reason): "bad credential: \(reason)"
        case .tooLarge(let reason): "too large: \(reason)"
        case .relayUnreachable(_, let reason, _): "no answer from the relay: \(reason)"
        case .untrustedCertificate(let reason): "no secure connection to the relay: \(reason)"
        case .relayRefused(let status, let reason, _): "the relay refused (\(status)): \(reason)"
        case .store(let reason): "the store failed: \(reason)"
        case .storeBusy: "the store is busy"
        case .closed(let outcome): "the transfer has ended: \(outcome)"
        case .noTransport: "no HTTP transport"
        case .security(_, _, let text): text
        case .other(_, let reason, _): reason
        }
    }
}
