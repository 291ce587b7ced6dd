import Foundation
import Tigress

/// Where the user is: with the store of transfers it says what the screen shows, also after a kill.
enum Place: Equatable, Codable {
    /// At all transfers.
    case list
    /// At one: what is shown of it depends on where it stands.
    case transfer(TransferID)
    /// At an invitation that was opened, and is not among the transfers yet.
    case opening(Opening)
    /// At what is to be given.
    case send(Draft)
    /// At the camera.
    case scan
}

/// An invitation that was opened. Printed, it shows no link.
struct Opening: Equatable, Codable, CustomStringConvertible {
    let invitation: Data
    /// The system's copy of the file that it came in, in the app's inbox.
    var file: String?
    var trust: URL?
    var trouble: Trouble?

    var description: String { "Opening(\(trouble.map { "\($0)" } ?? "…"))" }
}

/// What is to be given.
struct Draft: Equatable, Codable {
    /// Names this request: after a kill it gives the same invitation, not a second one.
    let key: String
    /// The credential's.
    var name: String
    var title: String
    var note = ""
    /// What this phone's user is called, for the other one.
    var sender = ""
    var mayBePassedOn = false
    var pin = true
}

/// What is kept of a place, and the tries that are left of each PIN.
struct Saved: Equatable, Codable {
    var place = Place.list
    var tries: [TransferID: Int] = [:]
}
