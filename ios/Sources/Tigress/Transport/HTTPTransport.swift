import Foundation

/// Sends HTTP requests for a ``TransferClient``, one request and one response at a time.
///
/// Apps rarely need their own: ``URLSessionTransport`` is what a client uses when none is given. An implementation
///
/// - follows no redirects, keeps no cookies and no cache, and checks TLS certificates,
/// - takes at most 1 MiB of body (``HTTPResponse/maxBody``),
/// - gives a request its usual time-out and ``HTTPRequest/wait`` on top (the client gives it up by itself after that time),
/// - lets requests of different ``HTTPRequest/isolation`` share no connection,
/// - lets no waiting request delay another one,
/// - ends the request when the task is cancelled.
public protocol HTTPTransport: Sendable {
    /// Sends the request and gives the response, whatever its status.
    ///
    /// - Throws: When there was no response, or it was not read whole. The error's `localizedDescription` becomes the
    ///   reason of `relay_unreachable`, so it must hold no URL; ``TransportError`` is made for it.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

/// One HTTP request.
public struct HTTPRequest: Sendable, Equatable {
    /// The methods that are used.
    public enum Method: String, Sendable {
        /// GET
        case get = "GET"
        /// POST
        case post = "POST"
        /// PUT
        case put = "PUT"
        /// PATCH
        case patch = "PATCH"
        /// DELETE
        case delete = "DELETE"
    }

    /// The method.
    public var method: Method
    /// Where it goes; never has a fragment.
    public var url: URL
    /// Header fields, their names in lower case.
    public var headers: [String: String]
    /// The body, if there is one.
    public var body: Data?
    /// How long the relay may hold the response. The time-out comes on top.
    public var wait: Duration
    /// Opaque, and one for each transfer: requests with different keys must share no connection and no TLS session, or else
    /// the relay knows them to be of one device. Never sent.
    public var isolation: String

    /// A request.
    public init(
        method: Method, url: URL, headers: [String: String] = [:], body: Data? = nil, wait: Duration = .zero,
        isolation: String = ""
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.wait = wait
        self.isolation = isolation
    }
}

/// One HTTP response.
public struct HTTPResponse: Sendable, Equatable {
    /// Most bytes of a body.
    public static let maxBody = 1024 * 1024

    /// The status, for instance 200.
    public var status: Int
    /// Header fields; their names are compared without case.
    public var headers: [String: String]
    /// The body, possibly empty.
    public var body: Data

    /// A response.
    public init(status: Int, headers: [String: String] = [:], body: Data = Data()) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// No response came.
public struct TransportError: LocalizedError, Sendable, Equatable {
    /// Why no response came.
    public enum Kind: String, Sendable {
        /// Nothing listens there, the name is unknown, there is no route or no network.
        case unreachable
        /// Nothing came in time.
        case timedOut
        /// The relay's certificate is expired, for another name, or from an authority that this device does not trust.
        case untrusted
        /// The connection ended before the response did.
        case cutOff
        /// The response has more than 1 MiB.
        case tooLarge
        /// Anything else.
        case other
    }

    /// What kind of failure it was: one that is untrusted is not tried again.
    public var kind: Kind
    /// The same in words, for developers; holds no URL.
    public var reason: String

    /// An error of this kind, with this reason.
    public init(kind: Kind = .other, reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The reason.
    public var errorDescription: String? { reason }
}
