import Foundation
internal import TigressGenerated

extension TransferClient {
    /// All transfers, as they change: what ``transfers()`` gives, at once and then whenever it is another. Changes that come one
    /// after the other may be told together. What another process changes is seen with this client's next change.
    public func transferLists() -> TransferLists {
        TransferLists(client: self)
    }
}

/// The list of all transfers, again and again; ``TransferClient/transferLists()`` makes it. It has no end: cancelling the task
/// does.
public struct TransferLists: AsyncSequence, Sendable {
    /// A list.
    public typealias Element = [TransferSummary]

    let client: TransferClient

    /// An iterator, whose first list comes at once.
    public func makeAsyncIterator() -> Iterator {
        Iterator(observation: client.generated.observeTransfers())
    }

    /// Iterates over the lists.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        fileprivate let observation: TigressGenerated.TransfersObservation

        /// Waits until the list is another than the last.
        ///
        /// - Throws: `store`, `store_busy`; `CancellationError`.
        public mutating func next() async throws -> [TransferSummary]? {
            let observation = observation
            return try await cancellable { try await observation.next(cancellation: $0).map(TransferSummary.init) }
        }
    }
}
