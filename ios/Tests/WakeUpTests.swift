import Foundation
import Testing
import Tigress

@testable import SampleModel

/// What a push or a background refresh does, in a process without a screen.
@MainActor @Suite(.timeLimit(.minutes(1))) struct WakeUpTests {
    private let relay = InMemoryRelay()

    @Test("It carries the transfer on, keeps what came, and says so without a word from outside")
    func carriesOn() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        let sharing = try await giver.gives("Secret title")
        try await taker.opens(sharing)
        taker.isOnline.change { $0 = false }
        taker.model.take()
        try await taker.sees { if case .working(.some, true) = $0 { true } else { nil } }
        // Both apps are gone; pushes wake their phones in turn.
        await taker.model.close()
        await giver.model.close()
        taker.isOnline.change { $0 = true }
        var news: [String] = []
        for _ in 0..<6 {
            for phone in [taker, giver] {
                let woken = await WakeUp.run(phone.client, phone.wallet, within: .seconds(5))
                #expect(!woken.again)
                news += [woken.words].compactMap { $0 }
            }
        }
        #expect(taker.wallet.credentials.value.values.map(\.credential) == [MemoryWallet.house.credential])
        #expect(Set(news) == ["What you were given has its end", "What you gave has its end"])
        #expect(news.count == 2, "each once")
        // The app that is opened then has nothing left to do.
        try await taker.restart()
        try await taker.listed { $0.map(\.stage) == [.done] }
        #expect(taker.wallet.credentials.value.count == 1)
    }

    @Test("A PIN that is asked for wants the user; what they have not decided yet is answered by nothing")
    func asks() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        try await taker.opens(giver.gives("Key", pin: true))
        await taker.model.close()
        #expect(await WakeUp.run(taker.client, taker.wallet) == WakeUp.Woken())
        let (id, before) = try #require(try await taker.client.transfers().map { ($0.id, $0.state) }.first)
        #expect(before == .offered)
        try await taker.client.confirm(id)
        #expect(try await taker.client.transfers().first?.state == .pinRequired)
    }

    @Test("No network, and a full phone: again later, and nothing is lost")
    func again() async throws {
        let (giver, taker) = try (Handset(relay), Handset(relay))
        try await taker.opens(giver.gives("Key"))
        taker.wallet.isFull.change { $0 = true }
        taker.model.take()
        #expect(try await taker.sees(\.trouble).failure == .notKept)
        await taker.model.close()
        #expect(await WakeUp.run(taker.client, taker.wallet).again)
        taker.isOnline.change { $0 = false }
        taker.wallet.isFull.change { $0 = false }
        // What has come is kept without a network too; its sender is told later.
        #expect(await WakeUp.run(taker.client, taker.wallet).again)
        taker.isOnline.change { $0 = true }
        #expect(await !WakeUp.run(taker.client, taker.wallet).again)
        #expect(taker.wallet.credentials.value.count == 1)
        try await giver.sees(\.done)
    }

    @Test("The device's token is told for each open transfer, in the form that Apple's service wants")
    func token() async throws {
        let token = NotificationToken(apns: Data([0x00, 0xAB, 0x7F]))
        #expect(token == NotificationToken(type: "com.apple.apns", data: "00ab7f"))
        let giver = try Handset(relay)
        _ = try await giver.gives("Key")
        try await WakeUp.register(token, giver.client)
        giver.model.wake(by: token)
    }
}
