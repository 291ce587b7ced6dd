import Foundation
internal import TigressGenerated

/// What an invitation says, before any network is touched. Holds no secret.
public struct InvitationPreview: Sendable, Hashable {
    /// The relay's origin, such as `https://relay.example`.
    public let relay: URL
    /// The mailbox's id.
    public let mailbox: UUID
    /// What kind of credential it is.
    public let vertical: Vertical
    /// Whether the user must type a PIN.
    public let pinRequired: Bool
    /// The sender's title; only a file has one before it is accepted.
    public let title: PeerText?
    /// The sender's description; only a file has one before it is accepted.
    public let description: PeerText?
    /// What the sender calls itself; only a file says so before it is accepted.
    public let sender: PeerText?
    /// The format of the credential that is to come; only a file says so before it is accepted.
    public let format: String?
    /// An https image of the sender's choice; nothing here fetches it.
    public let imageURL: URL?
    /// When the invitation expires; only a file says so.
    public let expiresAt: Date?
    /// The first context token; only a file may have one.
    public let token: Data?
    /// The token's mechanism: the content of its object identifier, without tag and length.
    public let mechanismOID: Data?

    /// A preview, for an app's own tests.
    public init(
        relay: URL, mailbox: UUID, vertical: Vertical = .general, pinRequired: Bool = false, title: PeerText? = nil,
        description: PeerText? = nil, sender: PeerText? = nil, format: String? = nil, imageURL: URL? = nil,
        expiresAt: Date? = nil, token: Data? = nil, mechanismOID: Data? = nil
    ) {
        self.relay = relay
        self.mailbox = mailbox
        self.vertical = vertical
        self.pinRequired = pinRequired
        self.title = title
        self.description = description
        self.sender = sender
        self.format = format
        self.imageURL = imageURL
        self.expiresAt = expiresAt
        self.token = token
        self.mechanismOID = mechanismOID
    }
}

/// Reads an invitation's link, without network.
///
/// - Throws: `bad_invitation`, which says precisely what is wrong and holds none of the input.
public func parseInvitation(_ link: URL) throws -> InvitationPreview {
    try parseInvitation(contents: Data(link.absoluteString.utf8))
}

/// Reads an invitation, without network: the bytes of a `.tigress` file, or a link as text in UTF-8, for instance from a QR
/// code, or with a message around it as somebody pasted it.
///
/// - Throws: `bad_invitation`, which says precisely what is wrong and holds none of the input.
public func parseInvitation(contents invitation: Data) throws -> InvitationPreview {
    try rethrowing {
        try InvitationPreview(TigressGenerated.parseInvitation(invitation: invitation))
    }
}
