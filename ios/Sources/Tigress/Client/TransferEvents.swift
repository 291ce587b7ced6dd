import Foundation
internal import TigressGenerated

extension TransferClient {
    /// The events of a transfer as they happen, from the first that the app has not acknowledged, to its end. The transfer is
    /// carried on while somebody iterates.
    ///
    /// An event is acknowledged when the next one is asked for, so that none is lost if the app is killed while it deals with
    /// one: it comes again, and the app must not mind. Where the relay can't be reached it is tried again, with longer and longer
    /// pauses; `onReachability` is told, so that the app can say so.
    ///
    /// One at a time may iterate over a transfer's events: another one gets an error with the code `already_observed`. A
    /// cancelled task gets `CancellationError`. Leaving the loop, or its end, lets the next one begin.
    ///
    /// - Parameters:
    ///   - id: The transfer.
    ///   - onReachability: Called with the reason when the relay has not answered, within 3 seconds, and when the reason
    ///     changes; with nil when it answers again.
    public func events(
        of id: TransferID, onReachability: (@Sendable (TigressError?) -> Void)? = nil
    ) -> TransferEvents {
        TransferEvents(client: self, id: id, onReachability: onReachability)
    }
}

/// The events of one transfer; ``TransferClient/events(of:onReachability:)`` makes it.
public struct TransferEvents: AsyncSequence, Sendable {
    /// An event.
    public typealias Element = TransferEvent

    let client: TransferClient
    let id: TransferID
    let onReachability: (@Sendable (TigressError?) -> Void)?

    /// An iterator, which watches the transfer from its first ``Iterator/next()`` on.
    public func makeAsyncIterator() -> Iterator {
        Iterator(events: self)
    }

    /// Iterates over a transfer's events.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let events: TransferEvents
        /// From the first call to the end: then the next one may watch.
        private var observation: TigressGenerated.Observation?
        private var ended = false

        fileprivate init(events: TransferEvents) {
            self.events = events
        }

        /// Acknowledges the event before, and waits for the next; nil after the last.
        ///
        /// - Throws: The code `already_observed` while somebody else watches the transfer; `CancellationError`; what time
        ///   alone does not mend, such as `untrusted_certificate`, `store` and `unknown_transfer`.
        public mutating func next() async throws -> TransferEvent? {
            guard !ended else { return nil }
            do {
                let observation = try observation ?? events.client.observe(events.id)
                self.observation = observation
                while let observed = try await cancellable({ try await observation.next(cancellation: $0) }) {
                    switch observed {
                    case .event(let event): return TransferEvent(event)
                    case .noAnswer(let error): events.onReachability?(TigressError(error))
                    case .answers: events.onReachability?(nil)
                    }
                }
            } catch {
                end()
                throw error
            }
            end()
            return nil
        }

        private mutating func end() {
            ended = true
            observation = nil
        }
    }
}

extension TransferClient {
    fileprivate func observe(_ id: TransferID) throws -> TigressGenerated.Observation {
        try rethrowing { try generated.observe(id: id.generated) }
    }
}
