import Foundation
import Tigress

/// What the app and its notification service have together: the store of transfers, its key, and the wallet's files, by their
/// app group.
struct Home: Sendable {
    static let relay = URL(string: "https://relay.example")
    /// Also in both entitlements.
    static let appGroup = "group.org.tigress.sample"

    let client: TransferClient
    let wallet: FolderWallet

    /// - Parameter approval: Who asks the sender's user; nobody in the background, where nothing is shared.
    init(approval: (any UserApproval)?) throws {
        let container = FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: Self.appGroup)
        guard let container else {
            throw StoreError.failed(reason: "no such app group")
        }
        let store = ApplicationStore(appGroup: Self.appGroup)
        client = try TransferClient(config: Config(relay: Self.relay), store: store, approval: approval)
        wallet = FolderWallet(folder: container.appending(path: "wallet", directoryHint: .isDirectory))
    }
}
