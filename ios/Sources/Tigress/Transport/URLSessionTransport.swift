import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The platform's own HTTP: `URLSession`, with the system's trust, proxies and App Transport Security.
///
/// Its sessions are ephemeral and keep no cookies, cache or credentials. Redirects are not followed. Each transfer has
/// sessions of its own, so that no relay knows by a connection or a TLS session which transfers are of one device; and
/// requests that wait for the other side have another one, so that no write stands behind them in a queue.
public final class URLSessionTransport: HTTPTransport {
    /// Longest time that a relay holds a response.
    private static let longestWait = Duration.seconds(60)

    /// Most transfers whose sessions are kept; the longest unused ones give way.
    private static let mostKept = 64

    private let requestTimeout: Duration
    /// The last was used last.
    private let kept = Locked<[Sessions]>([])

    /// A transport.
    ///
    /// - Parameter requestTimeout: How long a response may take, the time that the relay was asked to hold it not counted.
    public init(requestTimeout: Duration = .seconds(20)) {
        self.requestTimeout = requestTimeout
    }

    private func sessions(of isolation: String) -> Sessions {
        kept.withLock { kept in
            let at = kept.firstIndex { $0.isolation == isolation }
            let found = at.map { kept.remove(at: $0) }
            let sessions =
                found
                ?? Sessions(
                    isolation: isolation, waits: Session(longest: requestTimeout + Self.longestWait),
                    writes: Session(longest: requestTimeout))
            kept = kept.suffix(Self.mostKept - 1) + [sessions]
            return sessions
        }
    }

    /// Sends the request; ``HTTPTransport/send(_:)`` says how.
    ///
    /// - Throws: ``TransportError`` when no response came; `CancellationError` when the task was cancelled.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var outgoing = URLRequest(url: request.url)
        outgoing.httpMethod = request.method.rawValue
        outgoing.httpBody = request.body
        outgoing.timeoutInterval = (requestTimeout + request.wait).inSeconds
        for (name, value) in request.headers {
            outgoing.setValue(value, forHTTPHeaderField: name)
        }
        let sessions = sessions(of: request.isolation)
        return try await (request.wait > .zero ? sessions.waits : sessions.writes).send(outgoing)
    }
}

/// What one transfer has.
private struct Sessions: Sendable {
    let isolation: String
    let waits: Session
    let writes: Session
}

/// A `URLSession` with its delegate; its open requests end with it.
private final class Session: Sendable {
    private let session: URLSession
    private let exchanges = Exchanges()

    init(longest: Duration) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.httpCookieAcceptPolicy = .never
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.timeoutIntervalForRequest = longest.inSeconds
        configuration.timeoutIntervalForResource = longest.inSeconds
        // Over HTTP/1.1 each waiting request has a connection to itself.
        configuration.httpMaximumConnectionsPerHost = 256
        // Else they would tell the relay the app, its version, the system and the user's languages.
        configuration.httpAdditionalHeaders = ["User-Agent": "tigress", "Accept-Language": "*"]
        session = URLSession(configuration: configuration, delegate: exchanges, delegateQueue: nil)
    }

    deinit {
        session.invalidateAndCancel()
    }

    func send(_ request: URLRequest) async throws -> HTTPResponse {
        let task = session.dataTask(with: request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                exchanges.begin(task, continuation)
                // Cancelled before it had begun: the handler below found nothing to end.
                if Task.isCancelled {
                    exchanges.fail(task, CancellationError())
                }
                task.resume()
            }
        } onCancel: {
            exchanges.fail(task, CancellationError())
        }
    }
}

/// The open requests of a session. A delegate, not completion handlers: only that is asked about redirects everywhere.
private final class Exchanges: NSObject, URLSessionDataDelegate, Sendable {
    private struct Exchange {
        let continuation: CheckedContinuation<HTTPResponse, any Error>
        var body = Data()
    }

    private let open = Locked<[Int: Exchange]>([:])

    func begin(_ task: URLSessionTask, _ continuation: CheckedContinuation<HTTPResponse, any Error>) {
        open.withLock { $0[task.taskIdentifier] = Exchange(continuation: continuation) }
    }

    /// Gives the request up, if it is still open.
    func fail(_ task: URLSessionTask, _ error: any Error) {
        guard let exchange = open.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
        task.cancel()
        exchange.continuation.resume(throwing: error)
    }

    func urlSession(
        _: URLSession, task _: URLSessionTask, willPerformHTTPRedirection _: HTTPURLResponse, newRequest _: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let tooLarge = open.withLock { open in
            guard let size = open[dataTask.taskIdentifier]?.body.count else { return false }
            guard size + data.count <= HTTPResponse.maxBody else { return true }
            open[dataTask.taskIdentifier]?.body.append(data)
            return false
        }
        if tooLarge {
            fail(dataTask, TransportError(kind: .tooLarge, reason: "the answer is too large"))
        }
    }

    func urlSession(_: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error {
            return fail(task, TransportError(error))
        }
        guard let response = task.response as? HTTPURLResponse else {
            return fail(task, TransportError(reason: "the answer is not HTTP"))
        }
        guard let exchange = open.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
        exchange.continuation.resume(returning: HTTPResponse(response, body: exchange.body))
    }
}

extension HTTPResponse {
    fileprivate init(_ response: HTTPURLResponse, body: Data) {
        self.init(status: response.statusCode, body: body)
        for case let (name as String, value as String) in response.allHeaderFields {
            headers[name] = value
        }
    }
}

extension TransportError {
    /// The system's texts name URLs: says what kind of failure it was instead.
    fileprivate init(_ error: any Error) {
        (kind, reason) =
            switch (error as? URLError)?.code {
            case .timedOut: (.timedOut, "timed out")
            case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed: (.unreachable, "can't connect")
            case .notConnectedToInternet, .dataNotAllowed, .internationalRoamingOff: (.unreachable, "no network")
            case .networkConnectionLost: (.cutOff, "the answer was cut off")
            case .serverCertificateUntrusted, .serverCertificateHasUnknownRoot:
                (.untrusted, "the relay's certificate is not from an authority that this device trusts")
            case .serverCertificateHasBadDate, .serverCertificateNotYetValid:
                (.untrusted, "the relay's certificate is not valid at this time")
            case .secureConnectionFailed: (.other, "no secure connection")
            case .appTransportSecurityRequiresSecureConnection: (.other, "App Transport Security refuses plain http")
            default: (.other, "the request failed")
            }
    }
}
