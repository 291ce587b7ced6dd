import Foundation
import Testing
import Tigress

@testable import SampleModel

/// The sample wallet from its user's side: two phones over one relay.
@MainActor @Suite(.timeLimit(.minutes(1))) struct WalletModelTests {
    private let relay = InMemoryRelay()

    @Test("What one gives the other has, and both see it")
    func handedOver() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key to the house", pin: true)
        let offered = try await taker.opens(sharing)
        #expect(offered.title == "Key to the house")
        #expect(offered.relay == "relay.test")
        #expect(offered.expiresAt != nil)
        taker.model.take()
        #expect(try await taker.sees(\.tries) == .some(nil))
        taker.model.submit(pin: try #require(sharing.pin))
        #expect(try await taker.sees(\.done).title == "Key to the house")
        #expect(taker.wallet.credentials.value.values.map(\.credential) == [MemoryWallet.house.credential])
        try await giver.sees(\.done)
        #expect(try await giver.listed { $0.map(\.stage) == [.done] }.map(\.role) == [.sender])
        #expect(try await taker.listed { $0.map(\.stage) == [.done] }.map(\.role) == [.receiver])
    }

    @Test("An offer says what its sender has sealed in it: a note, from whom, of what kind, whether it may be passed on")
    func said() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        try await giver.listed()
        giver.model.send()
        var draft = try await giver.sees(\.draft)
        (draft.note, draft.sender, draft.mayBePassedOn, draft.pin) = ("For the weekend", "Ada", true, false)
        giver.model.edit(draft)
        giver.model.share()
        taker.model.open(try await giver.sees(\.sharing).link)
        let offer = try await taker.sees { if case .offer(_, let offer) = $0 { offer } else { nil } }
        #expect(offer.note == "For the weekend")
        #expect(!offer.isAltered)
        #expect(Words.sender(offer) == "From “Ada”, as they call themselves")
        #expect(Words.terms(offer) == "You may pass it on. Its kind: org.example.key")
    }

    @Test("What is for one alone is kept, and can't be given on")
    func forOneAlone() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        try await taker.takes(giver.gives("Mine alone"))
        try await taker.sees(\.done)
        #expect(taker.wallet.credentials.value.values.map(\.mayBePassedOn) == [false])
        taker.model.send()
        let names = try await taker.sees { if case .send(_, let names, _) = $0 { names } else { nil } }
        #expect(names == ["House", "Car"])
        var draft = try await taker.sees(\.draft)
        draft.name = "Mine alone"
        taker.model.edit(draft)
        taker.model.share()
        #expect(taker.model.screen.draft == draft, "nothing was begun")
        #expect(relay.mailboxes == 1)
    }

    @Test("A second link is no part of the first, whichever comes first")
    func secondLink() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let slow = try await giver.gives("Slow", pin: true)
        let quick = try await giver.gives("Quick")
        try await taker.takes(slow)
        _ = try await taker.sees(\.tries)
        #expect(try await taker.opens(quick).title == "Quick")
        taker.model.take()
        #expect(try await taker.sees(\.done).title == "Quick")
        // The first one waits for its PIN, as it did.
        let items = try await taker.listed { $0.contains { $0.stage == .done } }
        let waiting = try #require(items.first { $0.stage == .pin })
        taker.model.look(at: waiting.id)
        _ = try await taker.sees(\.tries)
        taker.model.submit(pin: try #require(slow.pin))
        #expect(try await taker.sees(\.done).title == "Slow")
        #expect(taker.wallet.credentials.value.count == 2)
    }

    @Test("What the user has left moves them nowhere when it is done")
    func leftBehind() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let (first, second) = try await (giver.gives("First"), giver.gives("Second"))
        try await taker.opens(first)
        taker.model.decline()
        taker.model.scan()
        try await taker.until { taker.model.state.transfers.contains { $0.state == .closed(.declined) } ? true : nil }
        // It is told, and a moment later it would have led to the list.
        #expect(try await taker.client.transfers().count == 1)
        #expect(taker.model.screen == .scan)
        #expect(try await taker.opens(second).title == "Second")
    }

    @Test("Several on their way at once come each to its own end")
    func several() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        for title in ["One", "Two", "Three"] { try await taker.takes(giver.gives(title)) }
        try await taker.listed { $0.map(\.stage) == [.done, .done, .done] }
        try await giver.listed { $0.map(\.stage) == [.done, .done, .done] }
        #expect(Set(taker.wallet.credentials.value.values.map(\.name)) == ["One", "Two", "Three"])
    }

    @Test("A PIN in the digits of any script is right, an empty one is no dead end")
    func scripts() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key", pin: true)
        try await taker.takes(sharing)
        _ = try await taker.sees(\.tries)
        for typed in ["", "12345", "what?"] { taker.model.submit(pin: typed) }
        #expect(taker.model.screen.tries != nil, "still there, and asked for nothing")
        let arabic = try #require(sharing.pin).unicodeScalars.compactMap { Unicode.Scalar($0.value - 0x30 + 0x660) }
        taker.model.submit(pin: String(String.UnicodeScalarView(arabic)))
        try await taker.sees(\.done)
    }

    @Test("What is typed as a PIN, and what keeps the button off")
    func typed() {
        #expect(PINEntry("").problem == .empty)
        #expect(PINEntry(" - ").problem == .empty)
        #expect(PINEntry("12a456").problem == .notDigits)
        #expect(PINEntry("1²3456").problem == .notDigits, "no digit of a number")
        #expect(PINEntry("12345").problem == .tooShort)
        #expect(PINEntry("1234567890123").problem == .tooLong)
        for typed in ["123456", "123 456", "123-456", "१२३४५६", "１２３‐４５６", "\u{200F}۱۲۳۴۵۶"] {
            #expect(PINEntry(typed).digits == "123456")
            #expect(PINEntry(typed).problem == nil)
        }
        #expect(!"\(PINEntry("123456"))".contains("123"))
        for problem: PINEntry.Problem in [.empty, .notDigits, .tooShort, .tooLong] { #expect(!Words.pin(problem).isEmpty) }
    }

    @Test("A wrong PIN leaves fewer tries, and the last one says so")
    func tries() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key", pin: true)
        let wrong = sharing.pin == "000000" ? "111111" : "000000"
        try await taker.takes(sharing)
        for left: Int? in [nil, 4, 3, 2, 1] {
            try await taker.sees { $0.tries == .some(left) ? true : nil }
            taker.model.submit(pin: wrong)
        }
        #expect(try await taker.sees(\.trouble).failure == .wrongPIN)
        #expect(try await giver.sees(\.trouble).failure == .wrongPIN)
        taker.model.forget()
        try await taker.listed { $0.isEmpty }
    }

    @Test("Without a network nobody is sent to the sender, and trying again goes on")
    func noNetwork() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key")
        taker.isOnline.change { $0 = false }
        taker.model.open(sharing.link)
        let trouble = try await taker.sees(\.trouble)
        #expect(trouble.failure == .unreachable)
        #expect(trouble.mayPass)
        #expect(!Words.trouble(trouble).contains("sender"))
        taker.isOnline.change { $0 = true }
        taker.model.retry()
        try await taker.sees { if case .offer = $0 { true } else { nil } }
        taker.model.take()
        try await taker.sees(\.done)
    }

    @Test("A network that goes away in the middle is said, and it goes on by itself")
    func networkLost() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        try await taker.opens(giver.gives("Key"))
        taker.isOnline.change { $0 = false }
        taker.model.take()
        try await taker.sees { $0 == .working(nil, isUnreachable: false) ? nil : $0.isUnreachable ? true : nil }
        taker.isOnline.change { $0 = true }
        try await taker.sees(\.done)
    }

    @Test("What can't be written down is said, tried again, and acknowledged only then")
    func full() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key")
        taker.wallet.isFull.change { $0 = true }
        try await taker.takes(sharing)
        let trouble = try await taker.sees(\.trouble)
        #expect(trouble.failure == .notKept)
        #expect(!Words.trouble(trouble).contains("sender"))
        taker.model.retry()
        try await taker.until { taker.wallet.times.value == 2 ? true : nil }
        // Killed now, it comes again: it was not acknowledged.
        try await taker.restart()
        #expect(try await taker.sees(\.trouble).failure == .notKept)
        taker.wallet.isFull.change { $0 = false }
        taker.model.retry()
        try await taker.sees(\.done)
        try await giver.sees(\.done)
        #expect(taker.wallet.credentials.value.count == 1)
    }

    @Test("What is no invitation is said, and so is this phone's own")
    func failures() async throws {
        let giver = try Handset(relay)
        try await giver.listed()
        giver.model.open(Data("hello".utf8))
        #expect(try await giver.sees(\.trouble).failure == .badInvitation)
        giver.model.back()
        giver.model.open(try await giver.gives("Key").link)
        #expect(try await giver.sees(\.trouble).failure == .ownInvitation)
    }

    @Test("Another relay is asked about, and trusted once")
    func otherRelay() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay, knowsRelay: false))
        let sharing = try await giver.gives("Key")
        taker.model.open(sharing.link)
        let trouble = try await taker.sees(\.trouble)
        #expect(trouble == Trouble(failure: .untrustedRelay, detail: "relay.test"))
        taker.model.trust()
        try await taker.sees { if case .offer = $0 { true } else { nil } }
    }

    @Test("Nothing leaves before its user has agreed, and it can be taken back")
    func approval() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        giver.agrees.change { $0 = false }
        try await giver.listed()
        giver.model.send()
        giver.model.share()
        #expect(try await giver.sees { $0.draft == nil ? nil : $0.trouble }.failure == .notApproved)
        #expect(relay.mailboxes == 0)
        giver.agrees.change { $0 = true }
        giver.model.share()
        let sharing = try await giver.sees(\.sharing)
        giver.model.takeBack()
        #expect(try await giver.sees(\.trouble).failure == .takenBack)
        taker.model.open(sharing.link)
        #expect(try await taker.sees(\.trouble).failure == .over)
    }

    @Test("The link is shown again only to the user who agrees")
    func shownAgain() async throws {
        let giver = try Handset(relay)
        let sharing = try await giver.gives("Key")
        try await giver.listed()
        giver.model.look(at: sharing.transfer)
        try await giver.sees { if case .share(_, nil, _) = $0 { true } else { nil } }
        giver.agrees.change { $0 = false }
        giver.model.show()
        #expect(try await giver.sees(\.trouble).failure == .notApproved)
        giver.agrees.change { $0 = true }
        giver.model.show()
        #expect(try await giver.sees(\.sharing).link == sharing.link)
    }

    @Test("What is declined is over here, and still there for another")
    func declined() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key")
        try await taker.opens(sharing)
        taker.model.decline()
        let items = try await taker.listed { $0.map(\.stage) == [.failed] }
        #expect(items.first?.trouble?.failure == .declined)
        // The mailbox is given back by itself.
        let another = try Handset(relay)
        another.model.open(sharing.link)
        try await another.sees { screen in
            if case .offer = screen { return true }
            // Not yet: the other phone has it still.
            if case .failed = screen { another.model.open(sharing.link) }
            return nil
        }
    }

    @Test("The copy of a file goes when it was accepted or refused, and stays while it is tried")
    func inbox() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Key")
        func handOver(_ name: String, _ contents: Data) throws -> URL {
            let file = taker.inbox.url.appendingPathComponent(name)
            try contents.write(to: file)
            return file
        }
        func left() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: taker.inbox.url.path) }

        try await taker.listed()
        taker.isOnline.change { $0 = false }
        taker.model.open(try handOver("key.tigress", sharing.file))
        #expect(try await taker.sees(\.trouble).failure == .unreachable)
        #expect(try left() == ["key.tigress"])
        taker.isOnline.change { $0 = true }
        taker.model.retry()
        try await taker.sees { if case .offer = $0 { true } else { nil } }
        #expect(try left().isEmpty)

        taker.model.open(try handOver("none.tigress", Data("{}".utf8)))
        #expect(try await taker.sees(\.trouble).failure == .badInvitation)
        #expect(try left().isEmpty)

        // What an earlier process has left behind.
        _ = try handOver("old.tigress", sharing.file)
        try await taker.restart()
        try await taker.sees { if case .failed = $0 { true } else { nil } }
        #expect(try left().isEmpty)
    }

    @Test("The Android sample says the same")
    func sameWords() throws {
        let folder = "android/sample/src/common/kotlin/org/tigress/sample"
        let android = try String(contentsOf: projectFile("\(folder)/Words.kt"), encoding: .utf8)
        let here = try String(contentsOf: projectFile("ios/Sample/Model/Words.swift"), encoding: .utf8)
        // Longer ones are written in parts.
        func joined(_ text: String) -> String { text.replacing(/"\s*\+\s*"/, with: "") }
        let said = joined(android).matches(of: /"([^"]*)"/).map(\.1).filter { !$0.contains("$") && $0.count > 3 }
        #expect(said.count > 30)
        let ours = joined(here)
        let others = said.filter { !ours.contains("\"\($0)\"") }
        #expect(others.isEmpty)
    }

    @Test("Every failure has words, and only what may pass says so")
    func words() {
        for failure in Trouble.Failure.allCases {
            let trouble = Trouble(failure: failure, detail: "x")
            #expect(!Words.trouble(trouble).isEmpty)
            #expect(trouble.mayPass != Words.trouble(trouble).contains("sender") || !trouble.mayPass)
        }
        #expect(Words.spoken(pin: "012") == "0 1 2")
    }
}

extension Screen {
    fileprivate var isUnreachable: Bool { if case .working(_, true) = self { true } else { false } }
}
