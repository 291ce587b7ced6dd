import Foundation
import Tigress

/// What happens without a screen: after a push, or from time to time.
enum WakeUp {
    /// What a wake-up did.
    struct Woken: Equatable, Sendable {
        /// The transfers that want their user's eye.
        var news: [TransferSummary] = []
        /// Whether it should be tried again later.
        var again = false

        /// What a notification says: nothing that came from the relay or the sender, since a locked screen shows it.
        var words: String? { news.first.map(Words.news) }
    }

    /// One round for all transfers. What arrives is kept and acknowledged. It may run beside the app, in another process: the
    /// store lets one write at a time, and both keep the same.
    static func run(_ client: TransferClient, _ wallet: some Wallet, within: Duration = .seconds(20)) async -> Woken {
        var woken = Woken()
        do {
            let before = try await client.transfers()
            do {
                try await client.sync(deadline: within)
            } catch {
                // One relay that does not answer keeps nothing from the other transfers.
                woken.again = isRetryable(error)
            }
            let kept = try wallet.kept()
            let arrived = try await client.transfers().filter {
                $0.role == .receiver && $0.received > 0 && !kept.contains($0.id)
            }
            for transfer in arrived { try await receive(transfer, client, wallet) }
            if !arrived.isEmpty { try await client.sync(deadline: within) }
            woken.news = try await client.transfers().filter { transfer in
                transfer.state != before.first { $0.id == transfer.id }?.state && wantsItsUser(transfer.state)
            }
        } catch {
            woken.again = isRetryable(error)
        }
        return woken
    }

    /// Tells the relay, for each transfer that goes on, where it can wake this phone.
    static func register(_ token: NotificationToken, _ client: TransferClient) async throws {
        for transfer in try await client.transfers() where !transfer.state.isClosed {
            try await client.setNotificationToken(token, for: transfer.id)
        }
    }

    private static func receive(_ transfer: TransferSummary, _ client: TransferClient, _ wallet: some Wallet) async throws {
        let update = try await client.poll(transfer.id)
        for case .credentialReceived(let credential, _) in update.events {
            try wallet.keep(Owned(credential, of: transfer), of: transfer.id)
            try await client.needsNoMore(transfer.id)
        }
    }

    /// What the wallet itself fails with, such as a full phone, may pass.
    private static func isRetryable(_ error: any Error) -> Bool { (error as? TigressError)?.isRetryable ?? true }

    private static func wantsItsUser(_ state: TransferState) -> Bool {
        switch state {
        case .offered, .pinRequired, .closed: true
        default: false
        }
    }
}

extension TransferClient {
    /// The receiver needs no more than one credential; that it is over already is as well.
    func needsNoMore(_ id: TransferID) async throws {
        do {
            try await terminate(id, reason: .done)
        } catch let error as TigressError where ["closed", "closing"].contains(error.code) {}
    }
}

extension Owned {
    /// With the name that its sender gave, and their leave.
    init(_ credential: Credential, of transfer: TransferSummary?) {
        let title = transfer?.title.shown ?? ""
        self.init(
            name: title.isEmpty ? credential.format : title, credential: credential,
            mayBePassedOn: transfer?.mayBePassedOn ?? false)
    }
}

extension NotificationToken {
    /// What `didRegisterForRemoteNotificationsWithDeviceToken` gives, as the relay hands it to Apple's service.
    init(apns device: Data) {
        self.init(type: "com.apple.apns", data: device.map { String(format: "%02x", $0) }.joined())
    }
}
