import Foundation
import Tigress

/// What the wallet shows, and what its buttons do. It carries all transfers at once, each by its own id. Knows no view.
@MainActor
final class WalletModel {
    private(set) var state = WalletState() {
        willSet { willChange() }
        didSet {
            onChange?()
            save()
        }
    }

    var screen: Screen { state.screen }
    /// Told after each change.
    var onChange: (@MainActor () -> Void)?

    let client: TransferClient
    private let wallet: any Wallet
    private let inbox: Inbox?
    private let pauses: Pauses
    private var carrying: Task<Void, Never>?
    private var call: Task<Void, Never>?
    private var saving: Task<Void, Never>?
    private var watching: [TransferID: Task<Void, Never>] = [:]
    private var saved: Saved?
    private var hasMoved = false
    private var pushToken: NotificationToken?

    /// - Parameters:
    ///   - inbox: Where the system puts files that were handed over.
    ///   - pause: Until a credential that could not be written is tried again by itself.
    init(client: TransferClient, wallet: any Wallet, inbox: Inbox? = nil, pause: Duration = .seconds(10)) {
        self.client = client
        self.wallet = wallet
        self.inbox = inbox
        pauses = Pauses(length: pause)
        carrying = Task { [weak self] in
            await self?.restore()
            await self?.carry()
        }
    }

    /// Ends all that it does, as the end of the process does. Another one over the same stores goes on.
    func close() async {
        let all = [carrying, call, saving].compactMap { $0 } + watching.values
        all.forEach { $0.cancel() }
        for task in all { await task.value }
    }
}

// MARK: What the user can ask for.

extension WalletModel {
    /// A link or a file: both come to an app by its `onOpenURL`.
    func open(_ url: URL) {
        guard url.isFileURL else { return open(Data(url.absoluteString.utf8)) }
        let scoped = url.startAccessing()
        defer { if scoped { url.stopAccessing() } }
        // What can't be read is no invitation, and said to be none.
        open((try? Data(contentsOf: url)) ?? Data(), file: inbox?.name(of: url))
    }

    /// A link that was scanned or pasted, or a file's content.
    func open(_ invitation: Data, file: String? = nil) {
        go(.opening(Opening(invitation: invitation, file: file)))
        accept()
    }

    /// The relay of what was opened is to be trusted, this once.
    func trust() {
        guard case .opening(var opening) = state.place else { return }
        // It was read before: only then its relay is asked about.
        opening.trust = try? parseInvitation(contents: opening.invitation).relay
        go(.opening(opening))
        accept()
    }

    /// What is offered is wanted.
    func take() {
        ofTransfer { try await $0.confirm($1) }
    }

    /// What is offered is not wanted.
    func decline() {
        ofTransfer {
            try await $0.decline($1)
        } then: {
            $0.state.place = .list
        }
    }

    /// The PIN, as it was typed.
    func submit(pin typed: String) {
        let entry = PINEntry(typed)
        guard entry.problem == nil else { return }
        ofTransfer { try await $0.providePIN(entry.digits, for: $1) }
    }

    /// Something is to be given.
    func send() {
        let name = state.toGive.first?.name ?? ""
        go(.send(Draft(key: UUID().uuidString, name: name, title: name)))
    }

    /// What is to be given has changed.
    func edit(_ draft: Draft) {
        state.place = .send(draft)
    }

    /// What is to be given shall leave. The client asks its user before.
    func share() {
        guard case .send(let draft) = state.place,
            let owned = state.toGive.first(where: { $0.name == draft.name })
        else { return }
        let request = InvitationRequest(
            title: draft.title, description: draft.note, sender: draft.sender, mayBePassedOn: draft.mayBePassedOn,
            pin: draft.pin, notificationToken: pushToken, credential: owned.credential, idempotencyKey: draft.key)
        run { [client] in
            let invitation = try await client.createInvitation(request)
            return (Sharing(invitation), try await client.transfers())
        } then: { model, created in
            model.arrive(created.0.transfer, in: created.1)
            model.state.sharing = created.0
        }
    }

    /// The link is to be shown again. The client asks its user before.
    func show() {
        guard case .transfer(let id) = state.place else { return }
        run { [client] in
            Sharing(try await client.invitation(for: id))
        } then: {
            $0.state.sharing = $1
        }
    }

    /// What nobody has got yet is taken back.
    func takeBack() {
        ofTransfer { try await $0.terminate($1, reason: .cancelled) }
    }

    /// A QR code is to be scanned, or a link pasted.
    func scan() { go(.scan) }

    /// One transfer is to be shown.
    func look(at id: TransferID) { go(.transfer(id)) }

    /// To the list. What goes on does so there.
    func back() { go(.list) }

    /// One that is over is to leave the list.
    func forget() {
        ofTransfer {
            try await $0.forget($1)
        } then: {
            $0.state.place = .list
        }
    }

    /// Again, after what may pass; also when the user has come back to the app.
    func retry() {
        state.trouble = nil
        for (id, note) in state.notes where note.trouble != nil && watching[id] == nil { watch(id) }
        pauses.end()
        if case .opening(let opening) = state.place, opening.trouble?.mayPass == true { accept() }
    }

    /// Where the relay can wake this phone from now on.
    func wake(by token: NotificationToken) {
        pushToken = token
        // What begins later has it; the app that is open needs none.
        Task { [client] in try? await WakeUp.register(token, client) }
    }
}

// MARK: What goes on by itself.

extension WalletModel {
    private func restore() async {
        let wallet = wallet
        let (saved, kept, owned) = await onDisk {
            ((try? wallet.saved()) ?? Saved(), (try? wallet.kept()) ?? [], (try? wallet.owned()) ?? [])
        }
        var restored = state
        // Where the user went while the disk was read is newer.
        if !hasMoved { restored.place = saved.place }
        restored.kept = kept
        restored.owned = owned
        restored.notes = saved.tries.mapValues { WalletState.Note(triesLeft: $0) }
        state = restored
        clearInbox()
        if case .opening(let opening) = state.place, opening.trouble == nil, !hasMoved { accept() }
    }

    /// Follows each transfer, for as long as there is the model.
    private func carry() async {
        while !Task.isCancelled {
            do {
                for try await all in client.transferLists() {
                    state.transfers = all
                    state.isReady = true
                    for transfer in all where watching[transfer.id] == nil && state.notes[transfer.id]?.trouble == nil {
                        watch(transfer.id)
                    }
                }
            } catch is CancellationError {
                return
            } catch {
                state.trouble = Trouble(error)
                state.isReady = true
                await pauses.wait()
            }
        }
    }

    private func watch(_ id: TransferID) {
        note(id) { $0.trouble = nil }
        watching[id] = Task { [weak self, client] in
            do {
                let events = client.events(of: id) { [weak self] error in
                    Task { @MainActor in self?.note(id) { $0.isUnreachable = error != nil } }
                }
                // The next event is asked for when this one was dealt with: that acknowledges it.
                for try await event in events { try await self?.handle(event, of: id) }
            } catch is CancellationError {
                // The process ends.
            } catch {
                self?.note(id) { $0.trouble = Trouble(error) }
                self?.watching[id] = nil
            }
        }
    }

    private func handle(_ event: TransferEvent, of id: TransferID) async throws {
        switch event {
        case .pinRejected(let triesLeft): note(id) { $0.triesLeft = triesLeft }
        case .credentialReceived(let credential, _):
            try await keep(Owned(credential, of: state.transfers.first { $0.id == id }), of: id)
            try await client.needsNoMore(id)
        default: break
        }
    }

    /// Returns when it is kept.
    private func keep(_ received: Owned, of id: TransferID) async throws {
        let wallet = wallet
        while true {
            do {
                try await onDisk { try wallet.keep(received, of: id) }
                break
            } catch {
                note(id) { $0.trouble = Trouble(failure: .notKept) }
                await pauses.wait()
                try Task.checkCancellation()
                note(id) { $0.trouble = nil }
            }
        }
        let owned = await onDisk { try? wallet.owned() }
        state.kept.insert(id)
        state.owned = owned ?? state.owned
    }

    private func accept() {
        guard case .opening(var opening) = state.place else { return }
        opening.trouble = nil
        state.place = .opening(opening)
        let options = AcceptOptions(notificationToken: pushToken, trust: opening.trust)
        let invitation = opening.invitation
        run { [client] in
            // The list is read before: else the screen would know nothing of the new one.
            let id = try await client.acceptInvitation(contents: invitation, options: options)
            return (id, try await client.transfers())
        } then: {
            $0.arrive($1.0, in: $1.1)
        }
    }

    private func arrive(_ id: TransferID, in all: [TransferSummary]) {
        state.transfers = all
        state.trouble = nil
        state.place = .transfer(id)
        clearInbox()
    }

    private func go(_ place: Place) {
        hasMoved = true
        call?.cancel()
        state.isBusy = false
        state.trouble = nil
        state.sharing = nil
        state.place = place
        clearInbox()
    }

    private func ofTransfer(
        _ action: @escaping @Sendable (TransferClient, TransferID) async throws -> Void,
        then done: @escaping @MainActor (WalletModel) -> Void = { _ in }
    ) {
        guard case .transfer(let id) = state.place else { return }
        run { [client] in
            try await action(client, id)
            return try await client.transfers()
        } then: { model, all in
            // Told before the call is over: the same screen would come back for a moment.
            model.state.transfers = all
            done(model)
        }
    }

    /// One call of the user's at a time; what it fails with is shown where the user is. Nothing comes of one that the user has
    /// left.
    private func run<Result: Sendable>(
        _ action: @escaping @Sendable () async throws -> Result,
        then done: @escaping @MainActor (WalletModel, Result) -> Void
    ) {
        call?.cancel()
        state.isBusy = true
        state.trouble = nil
        call = Task { [weak self] in
            do {
                let result = try await action()
                guard let self, !Task.isCancelled else { return }
                done(self, result)
                state.isBusy = false
            } catch {
                if !Task.isCancelled { self?.failed(Trouble(error)) }
            }
        }
    }

    private func failed(_ trouble: Trouble) {
        state.isBusy = false
        if case .opening(var opening) = state.place {
            opening.trouble = trouble
            // It will not be taken: the copy of its file has no more use.
            if !trouble.mayPass { opening.file = nil }
            state.place = .opening(opening)
            clearInbox()
        } else {
            state.trouble = trouble
        }
    }

    private func note(_ id: TransferID, _ change: (inout WalletState.Note) -> Void) {
        var note = state.notes[id] ?? WalletState.Note()
        change(&note)
        if note != state.notes[id] { state.notes[id] = note }
    }

    /// Keeps where the user is, when that changes.
    private func save() {
        guard state.isReady else { return }
        let open = state.transfers.filter { !$0.state.isClosed }.map { ($0.id, state.notes[$0.id]?.triesLeft) }
        let tries = Dictionary(uniqueKeysWithValues: open).compactMapValues { $0 }
        let new = Saved(place: state.place, tries: tries)
        guard new != saved else { return }
        saved = new
        saving = Task { [wallet, previous = saving] in
            await previous?.value
            await onDisk { try? wallet.save(new) }
        }
    }

    /// Of the files that were handed over only the one that is being opened is needed.
    private func clearInbox() {
        let needed: String? = if case .opening(let opening) = state.place { opening.file } else { nil }
        inbox?.clear(except: needed)
    }
}
