import BackgroundTasks
import CryptoKit
import SwiftUI
import Tigress

/// A small wallet that receives credentials. Set `SampleWallet.relay` and the entitlements' domain to your own relay.
@main
struct SampleWalletApp: App {
    @StateObject private var wallet = SampleWallet()
    @Environment(\.scenePhase) private var scenePhase

    var body: some Scene {
        WindowGroup {
            RootView(wallet: wallet, model: wallet.model)
                // Share links (associated domains) and `.tigress` files both come here.
                .onOpenURL { wallet.model.open($0) }
                .task { wallet.model.resume() }
                .onChange(of: scenePhase) { phase in
                    if phase == .background { wallet.askForRefresh() }
                }
        }
        // Goes on with transfers while the app is not shown: iOS gives it a moment now and then.
        .backgroundTask(.appRefresh(SampleWallet.refresh)) {
            try? await wallet.client.sync(deadline: .seconds(20))
        }
    }
}

/// What the app is made of: one client over one store, and the credentials that it has.
@MainActor
final class SampleWallet: ObservableObject {
    static let relay = URL(string: "https://relay.example")
    nonisolated static let refresh = "org.tigress.sample.refresh"

    let client: TransferClient
    let pocket: Pocket
    let model: ReceiveModel

    init() {
        try? setLogSink(OSLogSink())
        do {
            client = try TransferClient(
                config: Config(relay: Self.relay), store: ApplicationStore(), approval: DeviceOwner())
        } catch {
            fatalError("The relay's address is wrong: \(error)")
        }
        let pocket = Pocket()
        self.pocket = pocket
        model = ReceiveModel(client: client) { try await pocket.keep($0) }
    }

    func askForRefresh() {
        let request = BGAppRefreshTaskRequest(identifier: Self.refresh)
        try? BGTaskScheduler.shared.submit(request)
    }
}

/// The credentials, sealed by the system while the device is locked. A real wallet hands them to its secure element.
@MainActor
final class Pocket: ObservableObject {
    @Published private(set) var formats: [String] = []
    private let folder = URL.documentsDirectory.appending(path: "credentials", directoryHint: .isDirectory)

    init() {
        list()
    }

    /// The same credential twice is kept once: after a kill it may come again.
    func keep(_ credential: Credential) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let digest = SHA256.hash(data: credential.content).map { String(format: "%02x", $0) }.joined()
        let name = "\(credential.format).\(digest)"
        try credential.content.write(to: folder.appending(path: name), options: [.atomic, .completeFileProtection])
        list()
    }

    private func list() {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        formats = (files ?? []).map { ($0 as NSString).deletingPathExtension }.sorted()
    }
}
