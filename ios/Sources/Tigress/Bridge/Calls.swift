internal import TigressGenerated

/// Runs a call of the generated code and gives its error the form that apps see.
func rethrowing<Result>(_ call: () throws -> Result) throws -> Result {
    do {
        return try call()
    } catch let error as TigressGenerated.TigressError {
        throw error.asSwift
    }
}

/// The same for calls that wait.
func rethrowing<Result>(_ call: () async throws -> Result) async throws -> Result {
    do {
        return try await call()
    } catch let error as TigressGenerated.TigressError {
        throw error.asSwift
    }
}

/// Runs a long call, and stops it when the task is cancelled: of itself Swift's cancellation does not reach the library.
func cancellable<Result: Sendable>(
    _ call: @Sendable (TigressGenerated.Cancellation) async throws -> Result
) async throws -> Result {
    let stop = TigressGenerated.Cancellation()
    return try await withTaskCancellationHandler {
        try await rethrowing { try await call(stop) }
    } onCancel: {
        stop.cancel()
    }
}

extension TigressGenerated.TigressError {
    var asSwift: any Error {
        switch self {
        case .BadInvitation(let what, let reason): TigressError.badInvitation(what: what, reason: reason)
        case .UntrustedRelay(let host): TigressError.untrustedRelay(host: host)
        case .Expired: TigressError.expired
        case .AlreadyUsed: TigressError.alreadyUsed
        case .ClaimedByAnother: TigressError.claimedByAnother
        case .NoLongerThere: TigressError.noLongerThere
        case .WrongPin(let triesLeft): TigressError.wrongPin(triesLeft: Int(triesLeft))
        case .PinDowngrade: TigressError.pinDowngrade
        case .BadCredential(let reason): TigressError.badCredential(reason: reason)
        case .TooLarge(let reason): TigressError.tooLarge(reason: reason)
        case .RelayUnreachable(let kind, let reason, let retryAfter):
            TigressError.relayUnreachable(kind: .init(kind), reason: reason, retryAfter: retryAfter)
        case .UntrustedCertificate(let reason): TigressError.untrustedCertificate(reason: reason)
        case .RelayRefused(let status, let reason, let retryAfter):
            TigressError.relayRefused(status: Int(status), reason: reason, retryAfter: retryAfter)
        case .Store(let reason): TigressError.store(reason: reason)
        case .StoreBusy: TigressError.storeBusy
        case .Closed(let outcome): TigressError.closed(Outcome(outcome))
        case .NoTransport: TigressError.noTransport
        case .Security(let major, let minor, let text): TigressError.security(major: major, minor: minor, text: text)
        case .Cancelled: CancellationError()
        case .Other(let word, let reason, let retryable):
            TigressError.other(code: word, reason: reason, retryable: retryable)
        }
    }
}
