import Foundation
import Tigress

/// A process that is woken, does one `sync` over a store with one open transfer, and ends: what it needed of memory at most.
/// `scripts/bench wake` runs it and its twin in Rust, `bindings/examples/wake.rs`.
///
///     tigress-wake load               does nothing
///     tigress-wake invite FOLDER URL  makes the store, with an invitation at the relay
///     tigress-wake sync FOLDER URL    does one round
///
/// Prints the peak of resident memory, in KiB.
@main
struct Wake {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        switch (words.first, words.count) {
        case ("load", 1): break
        case ("invite", 3): _ = try await client(words[1], words[2]).createInvitation(InvitationRequest())
        case ("sync", 3): try await client(words[1], words[2]).sync(deadline: .seconds(20))
        default:
            FileHandle.standardError.write(Data("usage: tigress-wake load | invite FOLDER URL | sync FOLDER URL\n".utf8))
            exit(2)
        }
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        print(peak.filter(\.isNumber))
    }

    private static func client(_ folder: String, _ relay: String) throws -> TransferClient {
        let config = Config(relay: URL(string: relay), allowLoopbackHTTP: true)
        // Nobody's secret: the store lasts as long as the measurement.
        let store = try DirectoryStore(folder: URL(fileURLWithPath: folder), key: Data(repeating: 7, count: 32))
        return try TransferClient(config: config, store: store, transport: BuiltInTransport(config: config))
    }
}
