import Foundation
import Tigress

/// The words of the command: what to do, with what, and the options.
struct Words {
    let command: String
    /// What is sent, or the invitation.
    let subject: String
    private var values: [String: String] = [:]

    init(_ words: ArraySlice<String>) throws {
        var rest = words
        guard let command = rest.popFirst(), ["send", "receive"].contains(command), let subject = rest.popFirst() else {
            throw Misused(reason: "usage: tigress-peer send FILE … | receive URL …")
        }
        self.command = command
        self.subject = subject
        while let option = rest.popFirst() {
            // Nothing else is spoken here.
            guard option != "--json" && option != "--yes" else { continue }
            guard let value = rest.popFirst() else {
                throw Misused(reason: "\(option) needs a value")
            }
            values[option] = value
        }
    }

    func value(_ option: String) throws -> String {
        guard let value = values[option] else {
            throw Misused(reason: "\(option) is missing")
        }
        return value
    }

    func url(_ text: String) throws -> URL {
        guard let url = URL(string: text) else {
            throw Misused(reason: "that is no URL")
        }
        return url
    }

    /// A client with the platform's own transport; its records are sealed with a key that ends with this process.
    func client() throws -> TransferClient {
        var config = Config()
        if command == "send" {
            config.relay = try url(value("--relay"))
        } else {
            config.trustedRelays = [try url(value("--relay-trust"))]
        }
        config.allowLoopbackHTTP = true
        let key = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        let folder = URL(fileURLWithPath: try value("--state"))
        return try TransferClient(config: config, store: DirectoryStore(folder: folder, key: key))
    }
}

/// The command was not used as it can be.
struct Misused: Error {
    let reason: String
}
