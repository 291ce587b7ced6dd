import Foundation
internal import TigressGenerated

extension TransferClient {
    /// The events of a transfer as they happen, from the first that the app has not acknowledged, to its end. The transfer is
    /// carried on while somebody iterates.
    ///
    /// An event is acknowledged when the next one is asked for, so that none is lost if the app is killed while it deals with
    /// one: it comes again, and the app must not mind. Where the relay can't be reached the sequence tries again, with longer
    /// and longer pauses; `whenUnreachable` is told, so that the app can say so.
    ///
    /// One at a time may iterate over a transfer's events: another one gets an error with the code `already_observed`. A
    /// cancelled task gets `CancellationError`. Leaving the loop, or its end, lets the next one begin.
    ///
    /// - Parameters:
    ///   - id: The transfer.
    ///   - whenUnreachable: Called with each error after which the sequence tries again.
    public func events(
        of id: TransferId, whenUnreachable: (@Sendable (TigressError) -> Void)? = nil
    ) -> TransferEvents {
        TransferEvents(client: self, id: id, whenUnreachable: whenUnreachable)
    }
}

/// The events of one transfer; ``TransferClient/events(of:whenUnreachable:)`` makes it.
public struct TransferEvents: AsyncSequence, Sendable {
    /// An event.
    public typealias Element = TransferEvent

    let client: TransferClient
    let id: TransferId
    let whenUnreachable: (@Sendable (TigressError) -> Void)?
    /// How long one poll waits: after that long without an answer, the relay counts as unreachable.
    var wait = Duration.seconds(30)

    /// An iterator, which watches the transfer from its first ``Iterator/next()`` on.
    public func makeAsyncIterator() -> Iterator {
        Iterator(events: self)
    }

    /// Iterates over a transfer's events.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let events: TransferEvents
        /// The right to watch, from the first call to the end.
        private var observation: Observed?
        /// The event that was given last; acknowledged by the next call.
        private var given: UInt64 = 0
        private var ended = false
        private var pause = Pause()

        fileprivate init(events: TransferEvents) {
            self.events = events
        }

        /// Acknowledges the event before, and waits for the next; nil after the last.
        ///
        /// - Throws: The code `already_observed` while somebody else watches the transfer; `CancellationError`; what
        ///   ``TransferClient/poll(_:wait:after:)`` throws, but for errors after which it tries again.
        public mutating func next() async throws -> TransferEvent? {
            guard !ended else { return nil }
            do {
                if observation == nil {
                    observation = try Observed(events.client, events.id)
                }
                if let event = try await poll() {
                    return event
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

        private mutating func poll() async throws -> TransferEvent? {
            while true {
                do {
                    let update = try await events.client.poll(events.id, wait: events.wait, after: given)
                    pause.reset()
                    if let event = update.events.first {
                        given = update.cursor - UInt64(update.events.count - 1)
                        return event
                    }
                    if case .closed = update.state {
                        return nil
                    }
                } catch let error as TigressError where error.passes {
                    events.whenUnreachable?(error)
                    try await pause.wait(atLeast: error.retryAfter ?? .zero)
                }
            }
        }
    }
}

extension TigressError {
    /// Whether time alone may mend it. A store that fails may be mended too, but not by waiting.
    fileprivate var passes: Bool {
        switch self {
        case .relayUnreachable, .relayRefused, .storeBusy: isRetryable
        default: false
        }
    }
}

/// From one second, doubled up to half a minute.
private struct Pause: Sendable {
    private static let longest = Duration.seconds(30)
    private var next = Duration.seconds(1)

    mutating func reset() {
        next = .seconds(1)
    }

    mutating func wait(atLeast least: Duration) async throws {
        let now = max(next, least)
        next = min(next * 2, Self.longest)
        try await Task.sleep(for: now)
    }
}

/// The right to watch a transfer; given back when the iterator is gone.
private final class Observed: Sendable {
    private let observation: TigressGenerated.Observation

    init(_ client: TransferClient, _ id: TransferId) throws {
        observation = try rethrowing { try client.generated.observe(id: id.generated) }
    }

    deinit {
        observation.end()
    }
}
