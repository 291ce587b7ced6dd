import Foundation
internal import TigressGenerated

/// The library's own HTTP client, with the system's trust. It is left out of the framework for Apple's systems, where
/// ``URLSessionTransport`` is the better choice: it follows the system's proxies, VPN on demand and App Transport Security.
///
/// For servers and tests on Linux: no thread is held by a waiting request.
public struct BuiltInTransport: HTTPTransport, LibraryTransport {
    private let config: Config

    /// The transport with the time-outs of `config`, which must be the client's own.
    public init(config: Config = Config()) {
        self.config = config
    }

    /// None: the library then takes its own.
    var library: (any TigressGenerated.HttpTransport)? { nil }

    /// Sends the request; ``HTTPTransport/send(_:)`` says how. For transports that wrap this one.
    ///
    /// - Throws: `no_transport` where it is left out; ``TransportError`` when no response came.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await rethrowing {
            try await TigressGenerated.builtInTransport(config: config.generated).sending(request)
        }
    }
}

extension TigressGenerated.HttpTransport {
    func sending(_ request: HTTPRequest) async throws -> HTTPResponse {
        do {
            return try await HTTPResponse(send(request: request.generated))
        } catch TigressGenerated.TransportError.Failed(let kind, let reason) {
            throw TransportError(kind: .init(kind), reason: reason)
        }
    }
}
