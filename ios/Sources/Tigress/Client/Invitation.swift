import Foundation
internal import TigressGenerated

/// What kind of credential an invitation is for, as far as its link tells.
public enum Vertical: Sendable, Hashable, CaseIterable {
    /// Any credential.
    case general
    /// A key to a home.
    case homeKey
    /// A key to a car.
    case carKey
}

/// Where a push gateway can wake this device.
public struct NotificationToken: Sendable, Hashable, CustomStringConvertible {
    /// The gateway, such as `com.apple.apns`.
    public var type: String
    /// Opaque to the relay, for instance the device token in hexadecimal digits.
    public var data: String

    /// A token.
    public init(type: String, data: String) {
        self.type = type
        self.data = data
    }

    /// Without the token, which addresses a device.
    public var description: String { "NotificationToken(\(type))" }
}

/// What ``TransferClient/createInvitation(_:)`` is asked for.
public struct InvitationRequest: Sendable {
    /// Longest lifetime of an invitation, 30 days.
    public static let maxLifetime = Duration.seconds(30 * 24 * 3600)
    /// Lifetime of an invitation if nothing else is asked for, 48 hours.
    public static let defaultLifetime = Duration.seconds(48 * 3600)

    /// What is offered. Only who has the invitation can read it, PIN or not: no relay, no preview. At most 4096 bytes; where
    /// it is empty, ``previewTitle`` stands for it.
    public var title: String
    /// The same, a sentence or a note; where it is empty, ``previewDescription`` stands for it.
    public var description: String
    /// What the sender calls itself, sealed like the title. At most 256 bytes.
    public var sender: String
    /// The format of what will be handed over, sealed like the title; that of ``credential`` if none is given.
    public var format: String?
    /// Whether the receiver may pass on what it gets: the sender's word, which nothing enforces.
    public var mayBePassedOn: Bool
    /// Public: what the relay's preview page and messengers show to everybody. Empty: a neutral page.
    public var previewTitle: String
    /// The same, a sentence.
    public var previewDescription: String
    /// Public: an https image, which messengers show and load.
    public var previewImageURL: URL?
    /// What kind of credential it is, as far as the link tells.
    public var vertical: Vertical
    /// How long the invitation lasts; ``maxLifetime`` at most.
    public var lifetime: Duration
    /// Whether the receiver must type a PIN, which ``Invitation/pin`` then has, and which is told by another way.
    public var pin: Bool
    /// Where the relay's push gateway can wake this device.
    public var notificationToken: NotificationToken?
    /// Opaque proof for relays that ask what device this is.
    public var deviceAttestation: String?
    /// What is to be handed over, if it is there already: queued in the same store write as the invitation, so that no
    /// kill comes between.
    public var credential: Credential?
    /// Names this request: the same key gives the same invitation, also after a kill. At most 255 bytes.
    public var idempotencyKey: String?

    /// A request.
    public init(
        title: String = "", description: String = "", sender: String = "", format: String? = nil,
        mayBePassedOn: Bool = false, previewTitle: String = "", previewDescription: String = "",
        previewImageURL: URL? = nil, vertical: Vertical = .general, lifetime: Duration = Self.defaultLifetime,
        pin: Bool = false, notificationToken: NotificationToken? = nil, deviceAttestation: String? = nil,
        credential: Credential? = nil, idempotencyKey: String? = nil
    ) {
        self.title = title
        self.description = description
        self.sender = sender
        self.format = format
        self.mayBePassedOn = mayBePassedOn
        self.previewTitle = previewTitle
        self.previewDescription = previewDescription
        self.previewImageURL = previewImageURL
        self.vertical = vertical
        self.lifetime = lifetime
        self.pin = pin
        self.notificationToken = notificationToken
        self.deviceAttestation = deviceAttestation
        self.credential = credential
        self.idempotencyKey = idempotencyKey
    }
}

/// What the sender shares. Whoever has its link or file can take the credential: treat it like the credential itself.
public struct Invitation: Sendable {
    let generated: TigressGenerated.Invitation

    /// The transfer that it begins.
    public var transfer: TransferID { TransferID(generated: generated.transfer()) }

    /// The link, with the secret in its fragment.
    public var shareURL: URL {
        guard let url = URL(string: generated.shareUrl()) else {
            preconditionFailure("the library gives share URLs that are URLs")
        }
        return url
    }

    /// The same as a `.tigress` file, of the media type `application/vnd.tigress+json`.
    public var file: Data { generated.file() }

    /// The PIN, if one was asked for: the user tells it by another way than the invitation's.
    public var pin: String? { generated.pin() }

    /// When it expires.
    public var expiresAt: Date { generated.expiresAt() }

    /// The link as a QR code: an SVG picture, one unit per module, with its quiet zone.
    public func qrCodeSVG() -> String {
        TigressGenerated.qrCodeSvg(invitation: generated)
    }

    /// The link as a QR code: its modules, for an app that draws it.
    public func qrCode() -> QRCode {
        QRCode(TigressGenerated.qrCode(invitation: generated))
    }
}

extension AcceptOptions: CustomStringConvertible {
    /// Without the PIN.
    public var description: String { "AcceptOptions(..)" }
}

extension Invitation: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The transfer and the time; never the link.
    public var description: String { "Invitation(\(transfer), expires \(expiresAt))" }
    /// The same.
    public var debugDescription: String { description }
    /// Without the link.
    public var customMirror: Mirror { Mirror(self, children: ["transfer": transfer, "expiresAt": expiresAt]) }
}

/// What ``TransferClient/acceptInvitation(_:options:)`` may be told.
public struct AcceptOptions: Sendable, Equatable {
    /// The PIN, if the user has typed it already; ``TransferClient/providePIN(_:for:)`` gives it later.
    public var pin: String?
    /// Where the relay's push gateway can wake this device.
    public var notificationToken: NotificationToken?
    /// A relay to trust for this invitation, after the user has been asked; see `untrusted_relay`.
    public var trust: URL?
    /// The app has asked its user already, before it could say what is offered: the sender is answered without
    /// ``TransferClient/confirm(_:pin:)``.
    public var confirmed: Bool

    /// Options.
    public init(
        pin: String? = nil, notificationToken: NotificationToken? = nil, trust: URL? = nil, confirmed: Bool = false
    ) {
        self.pin = pin
        self.notificationToken = notificationToken
        self.trust = trust
        self.confirmed = confirmed
    }
}
