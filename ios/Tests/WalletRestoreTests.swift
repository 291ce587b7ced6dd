import Foundation
import Testing
import Tigress

@testable import SampleModel

/// After a kill the wallet shows what it showed before.
@MainActor @Suite(.timeLimit(.minutes(1))) struct WalletRestoreTests {
    private let relay = InMemoryRelay()

    @Test("List, scanner, what is to be given")
    func own() async throws {
        let phone = try Handset(relay)
        try await phone.listed()
        try await outlivesAKill(phone)
        phone.model.scan()
        try await outlivesAKill(phone)
        phone.model.send()
        var draft = try await phone.sees(\.draft)
        (draft.title, draft.note, draft.name, draft.pin) = ("To \u{202E}you", "= a\nb # c", "Car", false)
        (draft.sender, draft.mayBePassedOn) = ("Ada", true)
        phone.model.edit(draft)
        try await outlivesAKill(phone)
        #expect(phone.model.screen.draft == draft)
    }

    @Test("Shared: the link only after its user has agreed")
    func share() async throws {
        let phone = try Handset(relay)
        let sharing = try await phone.gives("Key")
        try await phone.restart()
        try await phone.sees { if case .share(_, nil, _) = $0 { true } else { nil } }
        phone.model.show()
        #expect(try await phone.sees(\.sharing) == sharing)
    }

    @Test("Offer, PIN, tries left, failed")
    func receiving() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key", pin: true)
        try await taker.opens(sharing)
        try await outlivesAKill(taker)
        taker.model.take()
        _ = try await taker.sees(\.tries)
        try await outlivesAKill(taker)
        taker.model.submit(pin: sharing.pin == "000000" ? "111111" : "000000")
        try await taker.sees { $0.tries == .some(4) ? true : nil }
        try await outlivesAKill(taker)
        #expect(taker.model.screen.tries == .some(4))
        giver.model.look(at: sharing.transfer)
        for _ in 0..<4 {
            let left = taker.model.screen.tries
            taker.model.submit(pin: sharing.pin == "000000" ? "111111" : "000000")
            try await taker.sees { screen in
                screen.tries != left && (screen.tries != nil || screen.trouble != nil) ? true : nil
            }
        }
        try await outlivesAKill(taker)
        #expect(taker.model.screen.trouble?.failure == .wrongPIN)
    }

    @Test("Working without a network, and done")
    func workingAndDone() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        try await taker.opens(giver.gives("Key"))
        taker.isOnline.change { $0 = false }
        taker.model.take()
        try await taker.sees { if case .working(.some, true) = $0 { true } else { nil } }
        try await outlivesAKill(taker) { if case .working(.some, true) = $0 { true } else { false } }
        taker.isOnline.change { $0 = true }
        try await taker.sees(\.done)
        try await outlivesAKill(taker)
        #expect(taker.model.screen.done?.title == "Key")
    }

    @Test("Opened and not read yet: it is opened again, and so is what failed")
    func opening() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key")
        try await taker.listed()
        taker.isOnline.change { $0 = false }
        taker.model.open(sharing.link)
        _ = try await taker.sees(\.trouble)
        try await outlivesAKill(taker)
        taker.model.open(Data("hello".utf8))
        _ = try await taker.sees { $0.trouble?.failure == .badInvitation ? true : nil }
        try await outlivesAKill(taker)
        // Killed before the relay has answered.
        taker.isOnline.change { $0 = true }
        taker.wallet.place.change { $0.place = .opening(Opening(invitation: sharing.file)) }
        await taker.model.close()
        taker.wallet.place.change { $0.place = .opening(Opening(invitation: sharing.file)) }
        try await taker.restart()
        try await taker.sees { if case .offer = $0 { true } else { nil } }
    }

    @Test("The sample's own wallet is in files: what was kept twice is there once, and where the user was")
    func files() throws {
        let folder = try Folder()
        let id = TransferID(UUID())
        let wallet = FolderWallet(folder: folder.url.appendingPathComponent("wallet"))
        #expect(try wallet.kept().isEmpty)
        #expect(try wallet.saved() == Saved())
        let received = Owned(name: "Car key", credential: Apps.credential, mayBePassedOn: false)
        for _ in 0..<2 { try wallet.keep(received, of: id) }
        let saved = Saved(place: .transfer(id), tries: [id: 4])
        try wallet.save(saved)

        let again = FolderWallet(folder: folder.url.appendingPathComponent("wallet"))
        #expect(try again.kept() == [id])
        #expect(try again.owned().map(\.name) == ["Key to the house", "Car key"])
        #expect(try again.owned().last == received)
        #expect(try again.saved() == saved)
        #expect(!"\(received)".contains(String(decoding: Apps.credential.content, as: UTF8.self)))
    }

    @Test("Where the user goes while the wallet is still being read is where they are")
    func moved() async throws {
        let phone = try Handset(relay)
        try await phone.listed()
        phone.model.scan()
        try await phone.restart()
        phone.model.back()
        try await phone.until { phone.model.state.isReady ? true : nil }
        #expect(phone.model.screen == .list([], trouble: nil))
    }

    /// Kills the app and waits for the same screen.
    private func outlivesAKill(_ phone: Handset, _ same: ((Screen) -> Bool)? = nil) async throws {
        let before = phone.model.screen
        try await phone.restart()
        try await phone.sees { same?($0) ?? ($0 == before) ? true : nil }
    }
}
