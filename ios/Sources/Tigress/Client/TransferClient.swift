import Foundation
internal import TigressGenerated

/// The interface that wallets call: it carries any number of transfers, as sender and as receiver.
///
/// Every function may be called from any task, and a task may be cancelled at any point, which ends its call with
/// `CancellationError`: what was stored stays, and the same call goes on later. All other errors are ``TigressError``.
public final class TransferClient: Sendable {
    let generated: TigressGenerated.TransferClient

    /// A client over a store and a transport. Touches neither disk nor network.
    ///
    /// - Parameters:
    ///   - config: The settings.
    ///   - store: Where the transfers are kept: `ApplicationStore` on Apple's systems, ``DirectoryStore``, ``MemoryStore``,
    ///     or the app's own.
    ///   - transport: How the relays are reached; ``URLSessionTransport`` if none is given.
    ///   - approval: Asks the sender's user before an invitation leaves this device, and before one is shown again. Without,
    ///     the app has asked before it calls.
    /// - Throws: `bad_config` for relay URLs that are no origins; `no_transport` for a ``BuiltInTransport`` where
    ///   none is built in.
    public init(
        config: Config, store: any TransferStore, transport: (any HTTPTransport)? = nil,
        approval: (any UserApproval)? = nil
    ) throws {
        let transport = transport ?? URLSessionTransport(requestTimeout: config.requestTimeout)
        generated = try rethrowing {
            try TigressGenerated.TransferClient(
                config: config.generated,
                store: (store as? any LibraryStore)?.library ?? ForeignStore(store),
                transport: (transport as? any LibraryTransport).map { $0.library } ?? ForeignTransport(transport),
                approval: approval.map(ForeignApproval.init)
            )
        }
    }

    /// Makes an invitation and the mailbox behind it, and returns when the relay has answered. With the same idempotency key
    /// it goes on after a kill, and gives the same invitation again. The user is asked first, where there is an approval:
    /// nothing is stored or sent without.
    ///
    /// - Throws: `not_approved` if the user did not agree; `bad_config` without an own relay or with a lifetime over 30 days; `too_large` and `bad_credential`
    ///   for what is in the request; `closed` if the invitation of this key has been used or has ended;
    ///   `relay_unreachable`, `relay_refused`, `store`, `store_busy`.
    public func createInvitation(_ request: InvitationRequest) async throws -> Invitation {
        try await cancellable { stop in
            try await Invitation(
                generated: self.generated.createInvitation(request: request.generated, cancellation: stop))
        }
    }

    /// Takes an invitation's link on, as ``acceptInvitation(contents:options:)`` does.
    public func acceptInvitation(_ link: URL, options: AcceptOptions = AcceptOptions()) async throws -> TransferID {
        try await acceptInvitation(contents: Data(link.absoluteString.utf8), options: options)
    }

    /// Takes an invitation on (the bytes of a `.tigress` file, or a link as text in UTF-8, also in a message that was
    /// pasted): claims its mailbox, reads and checks it, and returns when the relay has answered.
    ///
    /// The state is then ``TransferState/offered``: the app shows its user what it is about (``transfers()`` has title, text
    /// and time, also after a kill). Nothing is answered to the sender before ``confirm(_:pin:)``; until then ``decline(_:)``
    /// gives the invitation back, unused. The same invitation again gives the same transfer. An app that has asked its user
    /// before says so by ``AcceptOptions/confirmed``.
    ///
    /// - Throws: `bad_invitation`, `untrusted_relay`, `own_invitation`, `expired`, `already_used`, `claimed_by_another`,
    ///   `no_longer_there`, `pin_downgrade`, `security`, the codes `bad_mailbox` and `bad_pin`, `relay_unreachable`,
    ///   `relay_refused`, `store`, `store_busy`.
    public func acceptInvitation(
        contents invitation: Data, options: AcceptOptions = AcceptOptions()
    ) async throws -> TransferID {
        try await cancellable { stop in
            try await TransferID(
                generated: self.generated.acceptInvitation(
                    invitation: invitation, options: options.generated, cancellation: stop))
        }
    }

    /// Receiver: the user wants what is offered, and has typed this PIN, if one is asked for (without it, the state is
    /// ``TransferState/pinRequired`` then, and ``providePIN(_:for:)`` takes it). Nothing is answered to the sender before this,
    /// by no ``events(of:onReachability:)``, ``poll(_:wait:after:)`` or ``sync(deadline:)``. Returns when that is stored, and with
    /// it the answer, which these deliver. A second time it does no more than ``providePIN(_:for:)``, or nothing.
    ///
    /// - Throws: The code `not_the_receiver` at a sender, `expired` if it is too late, `bad_pin` for what is no PIN,
    ///   `pin_not_asked` for a PIN where none is asked for, `closed`, `closing`, `unknown_transfer`, `security`, `store`,
    ///   `store_busy`; as ``providePIN(_:for:)`` if it was confirmed before.
    public func confirm(_ id: TransferID, pin: String? = nil) async throws {
        try await rethrowing { try await generated.confirm(id: id.generated, pin: pin) }
    }

    /// Receiver: the PIN that the user has typed (spaces and hyphens in it are dropped), when the transfer's state is
    /// ``TransferState/pinRequired``. Returns when the answer to the sender is stored; ``events(of:onReachability:)``,
    /// ``poll(_:wait:after:)`` and ``sync(deadline:)`` deliver it. Whether the PIN was right shows in a later event:
    /// ``TransferEvent/established`` or ``TransferEvent/pinRejected(triesLeft:)``. At most 5 PINs are taken in one transfer.
    ///
    /// - Throws: The code `bad_pin` for what is no PIN, `not_the_receiver` at a sender, `pin_not_asked` if no PIN is
    ///   asked for now, `wrong_pin` if no try is left, `closed`, `unknown_transfer`, `store`, `store_busy`.
    public func providePIN(_ pin: String, for id: TransferID) async throws {
        try await rethrowing { try await generated.providePin(id: id.generated, pin: pin) }
    }

    /// The events after `after`, waiting up to `wait` for the first; events up to `after` are acknowledged and forgotten.
    /// Does what the transfer needs of the relay meanwhile; with no `wait`, one round. ``events(of:onReachability:)`` is the easier way.
    ///
    /// - Throws: `relay_unreachable` or `relay_refused` if the relay gave no good answer in this time (the transfer
    ///   goes on with the next poll); `unknown_transfer`, `store`, `store_busy`.
    public func poll(_ id: TransferID, wait: Duration = .zero, after: Cursor = .start) async throws -> TransferUpdate {
        try await cancellable { stop in
            try await TransferUpdate(
                self.generated.poll(id: id.generated, wait: wait, after: after.number, cancellation: stop))
        }
    }

    /// Queues a credential or an additional message, of either side, from the beginning of the transfer on; gives its number
    /// among this side's messages when it is stored. ``events(of:onReachability:)``, ``poll(_:wait:after:)`` and ``sync(deadline:)`` deliver
    /// it, once the other side has answered.
    ///
    /// - Throws: `bad_credential`, `too_large`, `closed`, the codes `queue_full`, `closing` and `unknown_transfer`,
    ///   `store`, `store_busy`.
    @discardableResult
    public func sendCredential(_ credential: Credential, to id: TransferID) async throws -> MessageIndex {
        try await rethrowing {
            try await generated.sendCredential(id: id.generated, credential: credential.generated)
        }
    }

    /// Ends the transfer; returns when that is stored. ``events(of:onReachability:)``, ``poll(_:wait:after:)`` and ``sync(deadline:)`` tell
    /// the other side. `done` lets waiting messages leave first; before the two are established nothing can be done, and it
    /// cancels.
    ///
    /// - Throws: `closed`, `unknown_transfer`, `store`, `store_busy`.
    public func terminate(_ id: TransferID, reason: TerminateReason = .done) async throws {
        try await rethrowing {
            try await generated.terminate(id: id.generated, reason: reason.generated)
        }
    }

    /// Receiver: does not want it. Before anything was answered this gives the invitation back, unused.
    ///
    /// - Throws: `not_the_receiver` at a sender; else as ``terminate(_:reason:)``.
    public func decline(_ id: TransferID) async throws {
        try await rethrowing { try await generated.decline(id: id.generated) }
    }

    /// All transfers of the store, ended ones too while their events or tombstones are kept. Those that can't be read are
    /// left out, with a warning in the log.
    ///
    /// - Throws: `store`, `store_busy`.
    public func transfers() async throws -> [TransferSummary] {
        try await rethrowing { try await generated.transfers().map(TransferSummary.init) }
    }

    /// Forgets an ended transfer before its time: texts, counts, and events that were not acknowledged, with what they hold.
    /// That its invitation was answered stays known. What the relay was still to be told is not told any more; its mailbox ends
    /// by itself.
    ///
    /// - Throws: The code `not_ended`, `unknown_transfer`, `store`, `store_busy`.
    public func forget(_ id: TransferID) async throws {
        try await rethrowing { try await generated.forget(id: id.generated) }
    }

    /// One round for every transfer, without waiting for anything to happen: for push wake-ups and background work.
    ///
    /// - Parameter deadline: When to stop, from now.
    /// - Throws: The first failure, after all transfers were tried; the others go on.
    public func sync(deadline: Duration) async throws {
        try await cancellable { stop in
            try await self.generated.sync(deadline: deadline, cancellation: stop)
        }
    }

    /// Sets where the relay's push gateway can wake this device; told to the relay with the next write.
    ///
    /// - Throws: `unknown_transfer`, `store`, `store_busy`.
    public func setNotificationToken(_ token: NotificationToken?, for id: TransferID) async throws {
        try await rethrowing {
            try await generated.setNotificationToken(id: id.generated, token: token?.generated)
        }
    }

    /// The sender's invitation, as long as nobody has answered it. The user is asked first, as for a new one.
    ///
    /// - Throws: `not_approved` if the user did not agree, `invitation_used` once it was answered, `closed` once it has ended, `unknown_transfer`, `store`,
    ///   `store_busy`.
    public func invitation(for id: TransferID) async throws -> Invitation {
        try await cancellable { stop in
            try await Invitation(generated: self.generated.invitation(id: id.generated, cancellation: stop))
        }
    }
}
