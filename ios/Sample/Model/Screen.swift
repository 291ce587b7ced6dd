import Foundation
import Tigress

/// What the screen shows.
enum Screen: Equatable {
    /// What I gave, and what I was given.
    case list([Item], trouble: Trouble?)
    /// The user is asked whether to take it; the texts are the sender's word.
    case offer(Item, Offer)
    /// The user must type the PIN; after a wrong one, so many tries are left.
    case pin(Item, triesLeft: Int?)
    /// Under way; without an item, before it is a transfer.
    case working(Item?, isUnreachable: Bool)
    /// The credential is where it should be.
    case done(Item)
    /// It did not work; without an item, it is no transfer yet.
    case failed(Item?, Trouble)
    /// What is to be given.
    case send(Draft, names: [String], trouble: Trouble?)
    /// The link, file and QR code; without them, the user must agree before they are shown again.
    case share(Item, Sharing?, trouble: Trouble?)
    /// The camera looks for a QR code.
    case scan
}

/// One transfer, for a list.
struct Item: Equatable, Identifiable {
    /// Where a transfer stands, for people.
    enum Stage { case invited, offered, pin, underWay, done, failed }

    let id: TransferID
    let role: TransferRole
    let title: String
    /// The host of the relay that it goes by.
    let relay: String
    let stage: Stage
    /// None where it is over, or nobody knows.
    let expiresAt: Date?
    let trouble: Trouble?
}

/// What an offer says beside its title: the sender's words, which no relay has read.
struct Offer: Equatable {
    let note: String
    /// What the sender calls itself; nothing proves it.
    let sender: String
    /// Of the credential, if the sender says.
    let format: String?
    let mayBePassedOn: Bool
    /// What the sender says was changed on the way, and is not here.
    let isAltered: Bool

    init(_ summary: TransferSummary) {
        note = summary.description.shown
        sender = summary.sender.shown
        format = summary.format
        mayBePassedOn = summary.mayBePassedOn
        isAltered = summary.authenticity == .altered
    }
}

/// What the sender's user is shown and hands on. Printed, it shows no link.
struct Sharing: Equatable, Sendable, CustomStringConvertible {
    let transfer: TransferID
    let link: URL
    let file: Data
    let code: QRCode
    let pin: String?

    init(_ invitation: Invitation) {
        transfer = invitation.transfer
        link = invitation.shareURL
        file = invitation.file
        code = invitation.qrCode()
        pin = invitation.pin
    }

    var description: String { "Sharing(\(transfer))" }
}
