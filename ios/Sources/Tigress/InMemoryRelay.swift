import Foundation
internal import TigressGenerated

/// A relay in memory, for a wallet's own tests: whole transfers without a network. Give it to the clients as their transport,
/// and its ``origin`` as their relay. The framework of a release has none: one made by `scripts/xcframework --testing` has.
public final class InMemoryRelay: HTTPTransport, LibraryTransport {
    private let relay: TigressGenerated.InMemoryRelay
    private let transport: any TigressGenerated.HttpTransport

    /// One without mailboxes. Stops the process where the framework has none.
    public init() {
        guard let made = try? TigressGenerated.InMemoryRelay() else {
            preconditionFailure(
                "this framework is for phones and has no relay: scripts/xcframework --testing makes one that has")
        }
        relay = made
        transport = relay.transport()
    }

    /// The relay's origin, for ``Config/relay``.
    public var origin: URL {
        guard let url = URL(string: relay.origin()) else {
            preconditionFailure("the library gives origins that are URLs")
        }
        return url
    }

    /// How many mailboxes there are.
    public var mailboxes: Int { Int(relay.mailboxes()) }

    var library: (any TigressGenerated.HttpTransport)? { transport }

    /// Answers the request.
    ///
    /// - Throws: ``TransportError`` if it is for another relay.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await transport.sending(request)
    }
}
