import UserNotifications

/// Tells the user what needs them, in the wallet's own words.
enum Notice {
    static func show(_ woken: WakeUp.Woken) async {
        guard let words = woken.words else { return }
        let content = UNMutableNotificationContent()
        content.body = words
        content.sound = .default
        // One at a time: what matters is that the app is opened.
        let request = UNNotificationRequest(identifier: "news", content: content, trigger: nil)
        try? await UNUserNotificationCenter.current().add(request)
    }
}
