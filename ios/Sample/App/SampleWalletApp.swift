import BackgroundTasks
import SwiftUI
import Tigress

/// A small wallet that gives and receives credentials. Set `Home.relay`, the app group and the entitlements' domain to your own.
@main
struct SampleWalletApp: App {
    @UIApplicationDelegateAdaptor private var delegate: AppDelegate
    @Environment(\.scenePhase) private var scenePhase

    var body: some Scene {
        WindowGroup {
            RootView(model: delegate.model)
                // Share links (associated domains) and `.tigress` files both come here.
                .onOpenURL { delegate.model.open($0) }
                .onChange(of: scenePhase) { phase in
                    switch phase {
                    case .active: delegate.model.retry()
                    case .background: BackgroundRefresh.ask()
                    default: break
                    }
                }
        }
        // Goes on with transfers while the app is not shown: iOS gives it a moment now and then.
        .backgroundTask(.appRefresh(BackgroundRefresh.name)) {
            await BackgroundRefresh.run()
        }
    }
}

/// A look at the relay now and then, where no push comes.
enum BackgroundRefresh {
    /// Also in the Info.plist.
    static let name = "org.tigress.sample.refresh"

    /// Each time anew: the system grants one for each request.
    static func ask() {
        try? BGTaskScheduler.shared.submit(BGAppRefreshTaskRequest(identifier: name))
    }

    static func run() async {
        ask()
        guard let home = try? Home(approval: nil) else { return }
        await Notice.show(WakeUp.run(home.client, home.wallet))
    }
}
