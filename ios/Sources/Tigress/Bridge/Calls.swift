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
    /// Of itself Swift has an error for what was cancelled.
    fileprivate var asSwift: any Error {
        let error = TigressError(self)
        return error.code == "cancelled" ? CancellationError() : error
    }
}

extension TigressError {
    init(_ error: TigressGenerated.TigressError) {
        switch error {
        case .Failed(
            let code, let retryable, let reason, let what, let host, let failure, let status, let retryAfter, let outcome,
            let triesLeft, let majorStatus, let minorStatus):
            self.init(
                code: code, isRetryable: retryable, reason: reason, what: what, host: host,
                failure: failure.map { .init($0) }, status: status.map { Int($0) }, retryAfter: retryAfter,
                outcome: outcome.map { Outcome($0) }, triesLeft: triesLeft.map { Int($0) }, majorStatus: majorStatus,
                minorStatus: minorStatus)
        }
    }
}
