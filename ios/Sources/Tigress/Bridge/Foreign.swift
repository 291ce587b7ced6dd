import Foundation
internal import TigressGenerated

/// A store that is the library's own: handed back to it as it is.
protocol LibraryStore {
    var library: any TigressGenerated.TransferStore { get }
}

/// A transport that is the library's own. None stands for the one that it takes when none is given.
protocol LibraryTransport {
    var library: (any TigressGenerated.HttpTransport)? { get }
}

/// An app's store, for the library.
final class ForeignStore: TigressGenerated.TransferStore {
    private let store: any TransferStore

    init(_ store: any TransferStore) {
        self.store = store
    }

    func load(key: String) throws -> TigressGenerated.StoredRecord? {
        let record = try told { try store.load(key: key) }
        return record.map { TigressGenerated.StoredRecord(version: $0.version, bytes: $0.bytes) }
    }

    func save(key: String, expected: String?, bytes: Data) throws -> String {
        try told { try store.save(key: key, expected: expected, bytes: bytes) }
    }

    func delete(key: String, expected: String) throws {
        try told { try store.delete(key: key, expected: expected) }
    }

    func list() throws -> [String] {
        try told { try store.list() }
    }

    private func told<Result>(_ call: () throws -> Result) throws -> Result {
        try telling("the app's store", call)
    }
}

/// Runs the `whose` code for the library. Of an error that is not ours only the type is told: its text may hold anything.
func telling<Result>(_ whose: String, _ call: () throws -> Result) throws -> Result {
    do {
        return try call()
    } catch let error as StoreError {
        throw error.generated
    } catch let error as TigressGenerated.StoreError {
        throw error
    } catch {
        throw TigressGenerated.StoreError.Failed(reason: "\(whose) failed: \(type(of: error))")
    }
}

/// An app's transport, for the library.
final class ForeignTransport: TigressGenerated.HttpTransport {
    private let transport: any HTTPTransport

    init(_ transport: any HTTPTransport) {
        self.transport = transport
    }

    func send(request: TigressGenerated.HttpRequest) async throws -> TigressGenerated.HttpResponse {
        do {
            return try await transport.send(HTTPRequest(request)).generated
        } catch let error as TransportError {
            throw TigressGenerated.TransportError.Failed(kind: error.kind.generated, reason: error.reason)
        } catch {
            throw TigressGenerated.TransportError.Failed(
                kind: .other, reason: "the app's transport failed: \(type(of: error))")
        }
    }
}

/// Who asks the sender's user, for the library.
final class ForeignApproval: TigressGenerated.UserApproval {
    private let approval: any UserApproval

    init(_ approval: any UserApproval) {
        self.approval = approval
    }

    func approve(request: TigressGenerated.ShareRequest) async throws -> Bool {
        let request = ShareRequest(
            transfer: TransferID(generated: request.transfer), title: request.title, again: request.again)
        do {
            return try await approval.approve(request)
        } catch {
            throw TigressGenerated.ApprovalError.Failed(reason: "the app's approval failed: \(type(of: error))")
        }
    }
}

extension StoreError {
    init(_ error: TigressGenerated.StoreError) {
        self =
            switch error {
            case .Conflict: .conflict
            case .Busy: .busy
            case .Failed(let reason): .failed(reason: reason)
            }
    }

    fileprivate var generated: TigressGenerated.StoreError {
        switch self {
        case .conflict: .Conflict
        case .busy: .Busy
        case .failed(let reason): .Failed(reason: reason)
        }
    }
}

extension TransportError.Kind {
    init(_ kind: TigressGenerated.TransportFailure) {
        self =
            switch kind {
            case .unreachable: .unreachable
            case .timedOut: .timedOut
            case .untrusted: .untrusted
            case .cutOff: .cutOff
            case .tooLarge: .tooLarge
            case .other: .other
            }
    }

    fileprivate var generated: TigressGenerated.TransportFailure {
        switch self {
        case .unreachable: .unreachable
        case .timedOut: .timedOut
        case .untrusted: .untrusted
        case .cutOff: .cutOff
        case .tooLarge: .tooLarge
        case .other: .other
        }
    }
}

extension HTTPRequest {
    init(_ request: TigressGenerated.HttpRequest) throws {
        guard let url = URL(string: request.url) else {
            throw TransportError(reason: "the request's URL is none")
        }
        self.init(
            method: Method(request.method), url: url, headers: .init(request.headers), body: request.body,
            wait: request.wait, isolation: request.isolation)
    }

    var generated: TigressGenerated.HttpRequest {
        TigressGenerated.HttpRequest(
            method: method.generated, url: url.absoluteString, headers: .init(headers), body: body, wait: wait,
            isolation: isolation)
    }
}

extension HTTPResponse {
    init(_ response: TigressGenerated.HttpResponse) {
        self.init(status: Int(response.status), headers: .init(response.headers), body: response.body)
    }

    fileprivate var generated: TigressGenerated.HttpResponse {
        TigressGenerated.HttpResponse(status: UInt16(clamping: status), headers: .init(headers), body: body)
    }
}

extension [String: String] {
    fileprivate init(_ headers: [TigressGenerated.HttpHeader]) {
        self.init(headers.map { ($0.name, $0.value) }) { $0 + ", " + $1 }
    }
}

extension [TigressGenerated.HttpHeader] {
    fileprivate init(_ headers: [String: String]) {
        self = headers.map { TigressGenerated.HttpHeader(name: $0.key, value: $0.value) }
    }
}

extension HTTPRequest.Method {
    fileprivate init(_ method: TigressGenerated.HttpMethod) {
        self =
            switch method {
            case .get: .get
            case .post: .post
            case .put: .put
            case .patch: .patch
            case .delete: .delete
            }
    }

    fileprivate var generated: TigressGenerated.HttpMethod {
        switch self {
        case .get: .get
        case .post: .post
        case .put: .put
        case .patch: .patch
        case .delete: .delete
        }
    }
}
