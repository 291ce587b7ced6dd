import Foundation

#if canImport(Glibc)
    import Glibc
    private let stream = Int32(SOCK_STREAM.rawValue)
#else
    import Darwin
    private let stream = SOCK_STREAM
    private let MSG_NOSIGNAL: Int32 = 0
#endif

/// An HTTP/1.1 server on loopback that answers as a test says, one request a connection.
final class ScriptedServer: @unchecked Sendable {
    /// What is written for a request's head; nil holds the connection until the client closes it.
    typealias Script = @Sendable (_ head: String) -> String?

    let origin: URL
    private let listener: Int32
    private let seen = Guarded((heads: [String](), closed: 0))

    /// The heads of the requests so far.
    var heads: [String] { seen.value.heads }
    /// How many held connections the client has closed.
    var closed: Int { seen.value.closed }

    init(_ script: @escaping Script) throws {
        let listener = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        guard bound, let url = URL(string: "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))") else {
            throw Failed("no port to listen on")
        }
        origin = url
        self.listener = listener
        Thread.detachNewThread { [seen] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { Self.serve(connection, script, seen) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private static func serve(
        _ connection: Int32, _ script: Script, _ seen: Guarded<(heads: [String], closed: Int)>
    ) {
        defer { close(connection) }
        var head = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !head.contains("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            head += String(decoding: buffer[..<count], as: UTF8.self)
        }
        seen.change { $0.heads.append(head) }
        guard let answer = script(head) else {
            while recv(connection, &buffer, buffer.count, 0) > 0 {}
            seen.change { $0.closed += 1 }
            return
        }
        var rest = Array(answer.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// An answer as it stands on the wire.
func answer(_ status: String, headers: String = "", body: String = "") -> String {
    "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
}

/// Waits for something that happens elsewhere, for at most ten seconds.
func eventually(_ condition: () -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(5))
    }
    return true
}
