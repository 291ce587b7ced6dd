import Foundation

/// Why a call failed.
///
/// ``code`` is stable and is what apps look at; what each means for an app is listed in the project's `docs/errors.md`. Some bring
/// what an app needs to deal with them. No field holds a secret, a URL or a payload.
public struct TigressError: Error, Sendable, Hashable {
    /// The stable code, such as `relay_unreachable`.
    public let code: String
    /// Whether the same call may succeed later, unchanged.
    public let isRetryable: Bool
    /// In English and meant for developers: an app shows its own words.
    public let reason: String
    /// `bad_invitation`: a stable word for what is wrong with it, such as `secret_missing`.
    public var what: String?
    /// `untrusted_relay`: its host. An app may ask its user, then accept again with ``AcceptOptions/trust``.
    public var host: String?
    /// `relay_unreachable`, `untrusted_certificate`: what kind of failure it was.
    public var failure: TransportError.Kind?
    /// `relay_refused`: the HTTP status; none if the answer itself was not understood.
    public var status: Int?
    /// The client asks its relay for nothing more in this time, whoever calls; for calls that are made again and again.
    public var retryAfter: Duration?
    /// `closed`: how the transfer ended.
    public var outcome: Outcome?
    /// `wrong_pin`: tries left on this side.
    public var triesLeft: Int?
    /// `security`: the major status, with RFC 2744's numbers.
    public var majorStatus: UInt32?
    /// `security`: the minor status, of this protocol.
    public var minorStatus: UInt32?

    /// An error, for an app's own tests.
    public init(
        code: String, isRetryable: Bool = false, reason: String = "", what: String? = nil, host: String? = nil,
        failure: TransportError.Kind? = nil, status: Int? = nil, retryAfter: Duration? = nil, outcome: Outcome? = nil,
        triesLeft: Int? = nil, majorStatus: UInt32? = nil, minorStatus: UInt32? = nil
    ) {
        self.code = code
        self.isRetryable = isRetryable
        self.reason = reason
        self.what = what
        self.host = host
        self.failure = failure
        self.status = status
        self.retryAfter = retryAfter
        self.outcome = outcome
        self.triesLeft = triesLeft
        self.majorStatus = majorStatus
        self.minorStatus = minorStatus
    }
}

extension TigressError: LocalizedError {
    /// The ``reason``.
    public var errorDescription: String? { reason }
}
