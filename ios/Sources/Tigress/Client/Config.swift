import Foundation

/// What an app decides once, for all transfers of a ``TransferClient``.
public struct Config: Sendable, Equatable {
    /// The relay on which this device makes its own mailboxes, such as `https://relay.example`. None for a device that
    /// only receives.
    public var relay: URL?
    /// Other relays whose invitations are accepted.
    public var trustedRelays: [URL]
    /// Whether a relay on this machine may be reached by plain http; for tests.
    public var allowLoopbackHTTP: Bool
    /// How long an attempt to connect may take (in ``BuiltInTransport``).
    public var connectTimeout: Duration
    /// How long an answer may take, the time that the relay was asked to hold it not counted.
    public var requestTimeout: Duration
    /// Longest time that a relay is asked to hold an answer; 60 s at most.
    public var longPoll: Duration
    /// First pause between reads at a relay that holds no answers; doubled up to ``pollIntervalMax``.
    public var pollInterval: Duration
    /// Longest such pause.
    public var pollIntervalMax: Duration
    /// How long ``TransferClient/createInvitation(_:)`` and ``TransferClient/acceptInvitation(_:options:)`` try to get an
    /// answer.
    public var giveUpAfter: Duration
    /// Digits of the PINs that this device draws for its invitations; 6 to 12.
    public var pinDigits: Int
    /// How often a PIN may be tried at this device's invitations; 1 to 10.
    public var pinTries: Int

    /// Settings with `relay` as the device's own, all else as by default.
    public init(
        relay: URL? = nil, trustedRelays: [URL] = [], allowLoopbackHTTP: Bool = false,
        connectTimeout: Duration = .seconds(10), requestTimeout: Duration = .seconds(20),
        longPoll: Duration = .seconds(50), pollInterval: Duration = .milliseconds(500),
        pollIntervalMax: Duration = .seconds(10), giveUpAfter: Duration = .seconds(30), pinDigits: Int = 6,
        pinTries: Int = 5
    ) {
        self.relay = relay
        self.trustedRelays = trustedRelays
        self.allowLoopbackHTTP = allowLoopbackHTTP
        self.connectTimeout = connectTimeout
        self.requestTimeout = requestTimeout
        self.longPoll = longPoll
        self.pollInterval = pollInterval
        self.pollIntervalMax = pollIntervalMax
        self.giveUpAfter = giveUpAfter
        self.pinDigits = pinDigits
        self.pinTries = pinTries
    }
}
