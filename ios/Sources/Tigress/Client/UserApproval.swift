/// What the sender's user is asked for: whoever gets the link can take the credential.
public struct ShareRequest: Sendable, Equatable, CustomStringConvertible {
    /// The transfer.
    public let transfer: TransferID
    /// The invitation's title, as this app gave it.
    public let title: String
    /// The invitation was made before, and is to be shown again.
    public let again: Bool

    /// A request, for an app's own tests.
    public init(transfer: TransferID, title: String = "", again: Bool = false) {
        self.transfer = transfer
        self.title = title
        self.again = again
    }

    /// Without the title.
    public var description: String { "ShareRequest(\(transfer))" }
}

/// Asks the sender's user, such as by Face ID, before an invitation leaves this device and before one is shown again: for the
/// `approval` of a ``TransferClient``.
public protocol UserApproval: Sendable {
    /// Whether the user agrees. Takes as long as that takes; whatever is thrown is a no.
    func approve(_ request: ShareRequest) async throws -> Bool
}
