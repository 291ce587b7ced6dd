import Foundation
import Tigress

/// Sends or receives one file over the Swift package, with the options, the JSON lines and the exit codes of
/// `tigress send` and `tigress receive` (docs/cli.md) that `scripts/pairs` uses.
///
///     tigress-peer send FILE --relay URL --out DIR --state DIR --json
///     tigress-peer receive URL --relay-trust URL --out FILE --reply FILE --state DIR --json
@main
struct Peer {
    let words: Words
    let client: TransferClient

    static func main() async {
        do {
            let words = try Words(CommandLine.arguments.dropFirst())
            let peer = try Peer(words: words, client: words.client())
            let outcome = try await words.command == "send" ? peer.send() : peer.receive()
            exit(outcome == .completed ? 0 : 3)
        } catch let error as Misused {
            FileHandle.standardError.write(Data("\(error.reason)\n".utf8))
            exit(2)
        } catch {
            let code = (error as? TigressError)?.code ?? "internal"
            Line(event: "error", code: code, reason: error.localizedDescription).say()
            exit(1)
        }
    }

    private func send() async throws -> Outcome? {
        var request = InvitationRequest()
        request.credential = try credential(words.subject)
        let invitation = try await client.createInvitation(request)
        let folder = URL(fileURLWithPath: try words.value("--out"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Line(event: "invited", transfer: "\(invitation.transfer)", url: invitation.shareURL).say()
        return try await follow(invitation.transfer) { reply, index in
            try reply.content.write(to: folder.appendingPathComponent("\(invitation.transfer)-\(index)"))
        }
    }

    private func receive() async throws -> Outcome? {
        let reply = try credential(words.value("--reply"))
        let out = URL(fileURLWithPath: try words.value("--out"))
        let id = try await client.acceptInvitation(words.url(words.subject), options: AcceptOptions(confirmed: true))
        Line(event: "accepted", transfer: "\(id)").say()
        return try await follow(id) { received, _ in
            try received.content.write(to: out)
            try await client.sendCredential(reply, to: id)
            try await client.terminate(id)
        }
    }

    /// Carries the transfer to its end, and says what happens.
    private func follow(
        _ id: TransferID, received: (Credential, MessageIndex) async throws -> Void
    ) async throws -> Outcome? {
        let transfer = "\(id)"
        for try await event in client.events(of: id) {
            switch event {
            case .accepted: Line(event: "accepted", transfer: transfer).say()
            case .established: Line(event: "established", transfer: transfer).say()
            case .credentialDelivered(let index):
                Line(event: "credential_delivered", transfer: transfer, index: index).say()
            case .credentialReceived(let credential, let index):
                try await received(credential, index)
                Line(event: "credential_received", transfer: transfer, index: index).say()
            case .closed(let outcome):
                Line(event: "closed", transfer: transfer, outcome: "\(outcome)").say()
                return outcome
            default: break
            }
        }
        return nil
    }

    private func credential(_ path: String) throws -> Credential {
        let content = try Data(contentsOf: URL(fileURLWithPath: path))
        return Credential(format: "application/octet-stream", content: content)
    }
}

/// A line of standard output, written at once.
struct Line: Encodable {
    let event: String
    var transfer: String?
    var url: URL?
    var index: MessageIndex?
    var outcome: String?
    var code: String?
    var reason: String?

    func say() {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = (try? encoder.encode(self)) ?? Data()
        FileHandle.standardOutput.write(line + Data("\n".utf8))
    }
}
