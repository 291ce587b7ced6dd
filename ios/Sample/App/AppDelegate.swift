import Tigress
import UIKit
import UserNotifications

/// What iOS tells an app by its delegate only: the device's token, and a push that shows nothing.
@MainActor
final class AppDelegate: NSObject, UIApplicationDelegate {
    let model: WalletModel
    private let home: Home

    override init() {
        try? setLogSink(OSLogSink())
        do {
            home = try Home(approval: DeviceOwner())
        } catch {
            fatalError("The relay's address or the app group is wrong: \(error)")
        }
        let inbox = URL.documentsDirectory.appending(path: "Inbox", directoryHint: .isDirectory)
        model = WalletModel(client: home.client, wallet: home.wallet, inbox: Inbox(folder: inbox))
        super.init()
    }

    func application(
        _ application: UIApplication, didFinishLaunchingWithOptions _: [UIApplication.LaunchOptionsKey: Any]?
    ) -> Bool {
        // The token may be another one after each start.
        application.registerForRemoteNotifications()
        Task {
            // For what is shown; a push that wakes the app needs no permission.
            _ = try? await UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound])
        }
        return true
    }

    func application(_: UIApplication, didRegisterForRemoteNotificationsWithDeviceToken token: Data) {
        model.wake(by: NotificationToken(apns: token))
    }

    /// A push with `content-available`: some 30 seconds, then the system ends the app.
    func application(
        _: UIApplication, didReceiveRemoteNotification _: [AnyHashable: Any]
    ) async -> UIBackgroundFetchResult {
        let woken = await WakeUp.run(home.client, home.wallet)
        await Notice.show(woken)
        return woken.again ? .failed : woken.news.isEmpty ? .noData : .newData
    }
}
