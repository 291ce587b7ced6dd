import Foundation
import Tigress

/// What the wallet shows while it receives a credential, and what its buttons do. Knows no view.
@MainActor
final class ReceiveModel {
    /// One screen.
    enum Stage: Equatable {
        /// No invitation yet: open a link, or scan one.
        case start
        /// The relay is asked.
        case connecting
        /// The user decides; the texts are the sender's.
        case confirm(Offer)
        /// The invitation's relay is not among the trusted ones: the user decides.
        case confirmRelay(host: String)
        /// The user types the PIN; after a wrong one, so many tries are left.
        case pin(triesLeft: Int?)
        /// The credential is on its way.
        case progress(Progress)
        /// The credential is in the wallet.
        case received(format: String)
        /// It did not work.
        case failed(Failure)
    }

    private(set) var stage = Stage.start {
        willSet { willChange() }
    }

    private let client: TransferClient
    private let keep: @Sendable (Credential) async throws -> Void
    private var invitation: Data?
    private var transfer: TransferID?
    private var call: Task<Void, Never>?
    private var watching: Task<Void, Never>?

    /// - Parameter keep: Puts a received credential into the wallet; done twice with the same one, it keeps one.
    init(client: TransferClient, keep: @escaping @Sendable (Credential) async throws -> Void) {
        self.client = client
        self.keep = keep
    }

    /// A link that was opened, scanned or pasted, or a `.tigress` file's content.
    func open(_ invitation: Data) {
        self.invitation = invitation
        do {
            _ = try parseInvitation(contents: invitation)
        } catch {
            return stage = .failed(Failure(error))
        }
        accept(AcceptOptions())
    }

    /// A link, or a file: both come to an app by its `onOpenURL`.
    func open(_ url: URL) {
        guard url.isFileURL else { return open(Data(url.absoluteString.utf8)) }
        let scoped = url.startAccessing()
        defer { if scoped { url.stopAccessing() } }
        do {
            try open(Data(contentsOf: url))
        } catch {
            stage = .failed(.badInvitation)
        }
    }

    /// The user trusts the relay.
    func trustRelay() {
        guard let invitation, let relay = try? parseInvitation(contents: invitation).relay else { return }
        accept(AcceptOptions(trust: relay))
    }

    /// The user wants it.
    func confirm() {
        guard let transfer else { return }
        stage = .connecting
        run { [client] in
            try await client.confirm(transfer)
        } then: { model, _ in
            model.watch(transfer)
        }
    }

    /// The user does not want it.
    func decline() {
        guard let transfer else { return reset() }
        run { [client] in
            try await client.decline(transfer)
            // Tells the relay.
            try? await client.sync(deadline: .seconds(10))
        } then: { model, _ in
            model.reset()
        }
    }

    /// The user has typed the PIN.
    func submit(pin: String) {
        guard let transfer else { return }
        stage = .progress(.waitingForSender)
        // What comes of it is an event.
        run { [client] in
            try await client.providePIN(pin, for: transfer)
        } then: { _, _ in
        }
    }

    /// Again, after a failure that may pass.
    func retry() {
        if let transfer {
            watch(transfer)
        } else {
            accept(AcceptOptions())
        }
    }

    /// Goes on with what the app's end had interrupted, if there is anything.
    func resume() {
        guard case .start = stage else { return }
        run { [client] in
            try await client.transfers().first { $0.role == .receiver && !$0.state.isClosed }
        } then: { model, open in
            guard let open else { return }
            model.transfer = open.id
            // What the user has not decided yet is asked again.
            if open.state == .offered { model.stage = .confirm(Offer(open)) } else { model.watch(open.id) }
        }
    }

    /// Back to the beginning.
    func reset() {
        call?.cancel()
        watching?.cancel()
        invitation = nil
        transfer = nil
        stage = .start
    }

    private func accept(_ options: AcceptOptions) {
        guard let invitation else { return }
        stage = .connecting
        run { [client] in
            let id = try await client.acceptInvitation(contents: invitation, options: options)
            return try await client.transfers().first { $0.id == id }
        } then: { model, accepted in
            guard let accepted else { return model.reset() }
            model.transfer = accepted.id
            // The link of a transfer that goes on already leads back to it.
            if accepted.state == .offered { model.stage = .confirm(Offer(accepted)) } else { model.watch(accepted.id) }
        }
    }

    /// Follows the transfer to its end. Events that were not acknowledged come again after a restart.
    private func watch(_ id: TransferID) {
        stage = .progress(.waitingForSender)
        watching?.cancel()
        watching = Task { [weak self, client, previous = watching] in
            // One at a time may watch a transfer.
            await previous?.value
            do {
                let events = client.events(of: id) { [weak self] error in
                    Task { @MainActor in self?.isReachable(error == nil) }
                }
                for try await event in events {
                    try await self?.show(event)
                }
            } catch is CancellationError {
                // The user has left.
            } catch {
                self?.stage = .failed(Failure(error))
            }
        }
    }

    private func show(_ event: TransferEvent) async throws {
        switch event {
        case .pinRequired: stage = .pin(triesLeft: nil)
        case .pinRejected(let triesLeft) where triesLeft > 0: stage = .pin(triesLeft: triesLeft)
        case .pinRejected: stage = .failed(.wrongPIN)
        case .established: stage = .progress(.established)
        case .credentialReceived(let credential, _):
            // Kept before the next event is asked for: only that acknowledges this one.
            try await keep(credential)
            stage = .received(format: credential.format)
            if let transfer {
                try? await client.terminate(transfer, reason: .done)
            }
        case .closed(let outcome): closed(outcome)
        default: break
        }
    }

    private func closed(_ outcome: Outcome) {
        switch stage {
        case .received, .failed: break
        default: stage = .failed(Failure(outcome))
        }
    }

    private func isReachable(_ answers: Bool) {
        switch stage {
        case .progress(.unreachable) where answers: stage = .progress(.waitingForSender)
        case .progress where !answers: stage = .progress(.unreachable)
        default: break
        }
    }

    private func run<Result: Sendable>(
        _ call: @escaping @Sendable () async throws -> Result, then done: @escaping @MainActor (ReceiveModel, Result) -> Void
    ) {
        self.call?.cancel()
        self.call = Task { [weak self] in
            do {
                let result = try await call()
                if let self, !Task.isCancelled { done(self, result) }
            } catch is CancellationError {
                // Something else was asked for.
            } catch let error as TigressError where error.host != nil {
                self?.stage = .confirmRelay(host: error.host ?? "")
            } catch {
                self?.stage = .failed(Failure(error))
            }
        }
    }
}
