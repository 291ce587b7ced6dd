import Foundation
import Testing
import Tigress

/// `URLSessionTransport` does what `HTTPTransport` asks for.
@Suite(.timeLimit(.minutes(1))) struct TransportTests {
    private let transport = URLSessionTransport(requestTimeout: .seconds(5))

    @Test("A request arrives as it was made, and says nothing of the app or the user; so does the response")
    func exchange() async throws {
        let server = try ScriptedServer { _ in answer("207 Some", headers: "Date: today\r\n", body: "hello") }
        let response = try await transport.send(
            HTTPRequest(
                method: .put, url: server.origin.appendingPathComponent("v1/m"),
                headers: ["mailbox-device-claim": "me", "content-type": "application/json"], body: Data("{}".utf8)))
        #expect(response.status == 207)
        #expect(response.body == Data("hello".utf8))
        #expect(response.headers.first { $0.key.lowercased() == "date" }?.value == "today")

        let head = try #require(server.heads.first)
        #expect(head.hasPrefix("PUT /v1/m HTTP/1.1\r\n"))
        #expect(field("mailbox-device-claim", of: head) == "me")
        #expect(field("content-type", of: head) == "application/json")
        #expect(field("user-agent", of: head) == "tigress")
        #expect(field("accept-language", of: head) == "*")
    }

    @Test("Every method is sent as such", arguments: [HTTPRequest.Method.get, .post, .patch, .delete])
    func methods(method: HTTPRequest.Method) async throws {
        let server = try ScriptedServer { _ in answer("200 OK") }
        #expect(try await transport.send(HTTPRequest(method: method, url: server.origin)).status == 200)
        #expect(server.heads.first?.hasPrefix("\(method.rawValue) ") == true)
    }

    @Test("Redirects are not followed")
    func redirects() async throws {
        let server = try ScriptedServer { _ in answer("302 Found", headers: "Location: /elsewhere\r\n") }
        #expect(try await transport.send(HTTPRequest(method: .get, url: server.origin)).status == 302)
        #expect(server.heads.count == 1)
    }

    @Test("No cookie is sent back, and nothing comes from a cache")
    func cookiesAndCache() async throws {
        let server = try ScriptedServer { _ in
            answer("200 OK", headers: "Set-Cookie: who=you; Path=/\r\nCache-Control: max-age=1000\r\n", body: "x")
        }
        for _ in 0..<2 {
            _ = try await transport.send(HTTPRequest(method: .get, url: server.origin))
        }
        #expect(server.heads.count == 2)
        #expect(server.heads.allSatisfy { field("cookie", of: $0) == nil })
    }

    @Test("An answer over 1 MiB is refused")
    func tooLarge() async throws {
        let most = String(repeating: "x", count: HTTPResponse.maxBody)
        let server = try ScriptedServer { head in answer("200 OK", body: head.hasPrefix("GET /more") ? most + "x" : most) }
        #expect(try await transport.send(HTTPRequest(method: .get, url: server.origin)).body.count == HTTPResponse.maxBody)
        let error = await self.error(of: HTTPRequest(method: .get, url: server.origin.appendingPathComponent("more")))
        #expect(error == TransportError(kind: .tooLarge, reason: "the answer is too large"))
    }

    @Test("An answer that is cut off is none")
    func cutOff() async throws {
        let server = try ScriptedServer { _ in "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel" }
        #expect(await error(of: HTTPRequest(method: .get, url: server.origin)) != nil)
    }

    @Test("Where nobody listens, the error says so without the address")
    func refused() async throws {
        let closed = try #require(URL(string: "http://127.0.0.1:1/v1/m/secret-mailbox"))
        let error = try #require(await error(of: HTTPRequest(method: .get, url: closed)))
        #expect(error == TransportError(kind: .unreachable, reason: "can't connect"))
        #expect(error.localizedDescription == error.reason)
    }

    @Test("The time-out is the usual one and the wait on top")
    func timeOut() async throws {
        let transport = URLSessionTransport(requestTimeout: .seconds(1))
        let timedOut = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { head in
            guard head.hasPrefix("GET /slow") else { return nil }
            timedOut.wait()
            return answer("200 OK")
        }
        async let slow = transport.send(
            HTTPRequest(method: .get, url: server.origin.appendingPathComponent("slow"), wait: .seconds(60)))
        #expect(try await eventually { server.heads.count == 1 })
        let started = ContinuousClock.now
        await #expect(throws: TransportError(kind: .timedOut, reason: "timed out")) {
            try await transport.send(HTTPRequest(method: .get, url: server.origin))
        }
        // Not after the wait of the other, nor after the usual time-out of a minute.
        #expect(ContinuousClock.now - started < .seconds(30))
        // The other began before it and still waits: for longer than the usual time-out.
        timedOut.signal()
        #expect(try await slow.status == 200)
    }

    @Test("Cancelling the task ends the request, also at the server's side")
    func cancelling() async throws {
        let server = try ScriptedServer { _ in nil }
        let task = Task { [transport] in
            try await transport.send(HTTPRequest(method: .get, url: server.origin, wait: .seconds(60)))
        }
        #expect(try await eventually { server.heads.count == 1 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { server.closed == 1 })
    }

    @Test("A stopped call of the client takes its request along")
    func cancelledCall() async throws {
        let server = try ScriptedServer { _ in nil }
        let client = try Apps.client(server.origin, store: MemoryStore(), way: .urlSession)
        let task = Task { try await client.createInvitation(Apps.request()) }
        #expect(try await eventually { server.heads.count == 1 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { server.closed == 1 })
    }

    @Test("A relay that answers garbage at once, and an app that loops, make no storm of requests")
    func pace() async throws {
        let relay = InMemoryRelay()
        let (turned, count) = (Guarded(false), Guarded(0))
        let moody = Switched { request in
            guard turned.value else { return try await relay.send(request) }
            let now = count.change { count in
                count += 1
                return count
            }
            return HTTPResponse(status: 200, body: Data("garbage \(now)".utf8))
        }
        let client = try TransferClient(config: Config(relay: relay.origin), store: MemoryStore(), transport: moody)
        let id = try await client.createInvitation(Apps.request()).transfer
        turned.change { $0 = true }
        let started = ContinuousClock.now
        while ContinuousClock.now - started < .seconds(3) {
            _ = try? await client.poll(id, wait: .zero)
            try? await client.sync(deadline: .seconds(1))
        }
        // 30 in a minute: 12 at once, then one in 3.5 seconds.
        #expect((1...13).contains(count.value))
    }

    @Test("A transport that never answers holds no call past its time")
    func silence() async throws {
        let relay = InMemoryRelay()
        let turned = Guarded(false)
        let silent = Switched { request in
            if turned.value {
                try await Task.sleep(for: .seconds(600))
            }
            return try await relay.send(request)
        }
        let client = try TransferClient(config: Config(relay: relay.origin), store: MemoryStore(), transport: silent)
        let id = try await client.createInvitation(Apps.request()).transfer
        turned.change { $0 = true }
        let started = ContinuousClock.now
        _ = try? await client.poll(id, wait: .milliseconds(100))
        #expect(ContinuousClock.now - started < .seconds(2))
    }

    private func error(of request: HTTPRequest) async -> TransportError? {
        do {
            _ = try await transport.send(request)
            return nil
        } catch {
            return error as? TransportError
        }
    }

    private func field(_ name: String, of head: String) -> String? {
        head.split(separator: "\r\n").lazy
            .first { $0.lowercased().hasPrefix("\(name):") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

/// A transport that is a function.
private struct Switched: HTTPTransport {
    let answer: @Sendable (HTTPRequest) async throws -> HTTPResponse

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await answer(request)
    }
}
