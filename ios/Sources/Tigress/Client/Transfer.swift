import Foundation

/// Names one transfer on this device; never leaves it.
public struct TransferID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The id as a UUID.
    public let uuid: UUID

    /// The id that this UUID is.
    public init(_ uuid: UUID) {
        self.uuid = uuid
    }

    /// The id that was written as this text; nil if it is no UUID.
    public init?(_ text: String) {
        guard let uuid = UUID(uuidString: text) else { return nil }
        self.uuid = uuid
    }

    /// The id as text, for storing it: lower case with hyphens.
    public var description: String { uuid.uuidString.lowercased() }

    /// Reads an id as it is written: its text alone.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a transfer id")
        }
        self = id
    }

    /// Writes the id as its text alone.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// An order that stays the same.
    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// Counts the messages that one side sent in a transfer, from 0.
public typealias MessageIndex = UInt64

/// Which of the two this device is.
public enum TransferRole: Sendable, Hashable {
    /// Created the invitation.
    case sender
    /// Accepted it.
    case receiver
}

/// Why one side ends a transfer.
public enum TerminateReason: Sendable, Hashable {
    /// All that was to be handed over has been.
    case done
    /// The receiver does not want it.
    case declined
    /// Taken back.
    case cancelled
}

/// How a transfer ended.
public enum Outcome: Sendable, Hashable {
    /// One side was done, the other has confirmed it, and everything that this side sent has arrived.
    case completed
    /// The receiver declined.
    case declined
    /// The sender took it back.
    case cancelled
    /// The invitation's time was over before the two were established: nothing was handed over.
    case expired
    /// Nobody has confirmed the end, or it came with something of this side's undelivered: what
    /// ``TransferSummary/delivered`` counts had arrived, of the rest nothing is known.
    case unconfirmed
    /// Whoever has the link, PIN or not, may have ended it: the other side had not proven yet that it knows the PIN. The
    /// reason is what was claimed. Nothing was handed over.
    case unproven(EndReason)
    /// Ended by an error.
    case failed(EndReason)
}

/// Why a transfer ended otherwise than by both sides' will.
public enum EndReason: Sendable, Hashable {
    /// The receiver does not want it.
    case declined
    /// Taken back.
    case cancelled
    /// Nobody has typed the right PIN.
    case pinTriesUsedUp
    /// One side could not read what the other wrote.
    case undecodable
    /// One side has lost what it knew, such as by a backup that was restored.
    case stateLost
    /// Something was larger than the protocol allows.
    case tooLarge
    /// A fault of one side's.
    case `internal`
    /// A number of the protocol that this version has no name for.
    case other(code: UInt64)
}

/// Where a transfer stands.
public enum TransferState: Sendable, Hashable {
    /// Sender: nobody has answered yet.
    case invited
    /// Receiver: read and found good. Nothing is answered before its user has agreed: ``TransferClient/confirm(_:pin:)`` or
    /// ``TransferClient/decline(_:)``.
    case offered
    /// The two are making the security context.
    case establishing
    /// Receiver: the user must type the PIN.
    case pinRequired
    /// Messages may go both ways.
    case established
    /// One side has ended it; the other's confirmation is awaited.
    case closing
    /// Over.
    case closed(Outcome)
}

/// What happened in a transfer. Later versions may add cases: have a `default`.
public enum TransferEvent: Sendable, Hashable {
    /// Sender: a device with the shared secret has answered; the invitation is used up.
    case accepted
    /// Receiver: the PIN is needed; ``TransferClient/providePIN(_:for:)`` gives it.
    case pinRequired
    /// A wrong PIN; so many tries are left on this side.
    case pinRejected(triesLeft: Int)
    /// The security context is complete.
    case established
    /// A message of the other side, with its number among that side's messages.
    case credentialReceived(Credential, index: MessageIndex)
    /// The other side has stored a message of this side, by its number among this side's messages.
    case credentialDelivered(index: MessageIndex)
    /// Something in the mailbox was not from the other side; it changed nothing.
    case rejectedToken
    /// The transfer is over. No event comes after this one.
    case closed(Outcome)
    /// An event that this version has no name for: pass over it.
    case unknown
}

/// What ``TransferClient/poll(_:wait:after:)`` gives.
public struct TransferUpdate: Sendable, Hashable {
    /// Where the transfer stands.
    public let state: TransferState
    /// The events after the given cursor, oldest first.
    public let events: [TransferEvent]
    /// To be given to the next `poll`, once the events have been dealt with: that acknowledges them.
    public let cursor: Cursor

    /// An update, for an app's own tests.
    public init(state: TransferState, events: [TransferEvent] = [], cursor: Cursor = .start) {
        self.state = state
        self.events = events
        self.cursor = cursor
    }
}

/// How far an app has dealt with a transfer's events; for ``TransferClient/poll(_:wait:after:)``.
public struct Cursor: Sendable, Hashable {
    /// Before the first event.
    public static let start = Cursor(number: 0)

    let number: UInt64
}

/// A transfer in a list: what an app shows its user.
public struct TransferSummary: Sendable, Hashable, Identifiable {
    /// Its id.
    public let id: TransferID
    /// Which of the two this device is.
    public let role: TransferRole
    /// Where it stands.
    public let state: TransferState
    /// What kind of credential it is, as far as its link tells.
    public let vertical: Vertical
    /// The origin of the relay that it goes over, such as `https://relay.example`.
    public let relay: URL
    /// The invitation's title. A receiver has it from the other side.
    public let title: PeerText
    /// The invitation's description. A receiver has it from the other side.
    public let description: PeerText
    /// What the sender calls itself; nothing proves it. Empty if it does not say.
    public let sender: PeerText
    /// The format of the credential that is to come, if the sender says.
    public let format: String?
    /// Whether the receiver may pass on what it gets, in the sender's word. Nothing enforces it.
    public let mayBePassedOn: Bool
    /// An https image, if any. Nothing here fetches it: that tells its host about this device, and a receiver has the address
    /// from the other side.
    public let imageURL: URL?
    /// Whether title, description and image are the sender's own word.
    public let authenticity: Authenticity
    /// Whether the invitation asks for a PIN: known on both sides from the beginning, and after the end too.
    public let pinRequired: Bool
    /// When it ends at the latest; nil while a receiver has not read its mailbox.
    public let expiresAt: Date?
    /// How many messages this side has handed over to be sent, delivered or not.
    public let sent: UInt64
    /// How many of them the other side has stored, the first ones: with ``sent`` this tells "delivered, then lost" from
    /// "never delivered", also of a transfer that has ended.
    public let delivered: UInt64
    /// How many messages of the other side this side has stored.
    public let received: UInt64

    /// A summary, for an app's own tests.
    public init(
        id: TransferID, role: TransferRole, state: TransferState, vertical: Vertical = .general, relay: URL,
        title: PeerText = PeerText(""), description: PeerText = PeerText(""), sender: PeerText = PeerText(""),
        format: String? = nil, mayBePassedOn: Bool = false, imageURL: URL? = nil,
        authenticity: Authenticity = .authentic, pinRequired: Bool = false, expiresAt: Date? = nil, sent: UInt64 = 0,
        delivered: UInt64 = 0, received: UInt64 = 0
    ) {
        self.id = id
        self.role = role
        self.state = state
        self.vertical = vertical
        self.relay = relay
        self.title = title
        self.description = description
        self.sender = sender
        self.format = format
        self.mayBePassedOn = mayBePassedOn
        self.imageURL = imageURL
        self.authenticity = authenticity
        self.pinRequired = pinRequired
        self.expiresAt = expiresAt
        self.sent = sent
        self.delivered = delivered
        self.received = received
    }
}

/// Whose word the texts of an invitation are.
public enum Authenticity: Sendable, Hashable {
    /// The sender's own: its first token says so, or this device is the sender.
    case authentic
    /// Nobody knows: the first token says nothing of them. Whoever runs the relay may have written them.
    case unbound
    /// Not the sender's: what it has written was changed on the way, and what came instead is not kept. The texts are empty,
    /// and there is no image.
    case altered
}

/// A text from the other side of a transfer, such as a title: to be shown as theirs, never as the app's own.
public struct PeerText: Sendable, Hashable, CustomStringConvertible {
    /// In one line, without characters that could disguise it: for showing.
    public let shown: String
    /// As it came: not for showing.
    public let raw: String
    /// What is shown.
    public var description: String { shown }

    /// A text, for an app's own tests: `shown` is taken as it is.
    public init(shown: String, raw: String) {
        self.shown = shown
        self.raw = raw
    }

    /// A text that is shown as it came, for an app's own tests.
    public init(_ text: String) {
        self.init(shown: text, raw: text)
    }
}
