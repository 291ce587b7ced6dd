import Tigress
import UserNotifications

/// Runs for a push that is shown (`mutable-content`), in a process of its own beside the app, also if its user has swiped the
/// app away. The system ends it after some 30 seconds, and above 24 MB.
final class NotificationService: UNNotificationServiceExtension {
    private var answer: Answer?

    override func didReceive(
        _ request: UNNotificationRequest, withContentHandler handler: @escaping (UNNotificationContent) -> Void
    ) {
        let answer = Answer(shown: request.content, handler: handler)
        self.answer = answer
        answer.work = Task.detached(priority: .userInitiated) {
            guard let home = try? Home(approval: nil) else { return answer.give(nil) }
            let woken = await WakeUp.run(home.client, home.wallet, within: .seconds(20))
            answer.give(woken.words)
        }
    }

    /// What was stored stays; the next wake-up goes on.
    override func serviceExtensionTimeWillExpire() {
        answer?.work?.cancel()
        answer?.give(nil)
    }
}

/// What is shown in the end, given once.
private final class Answer: @unchecked Sendable {
    var work: Task<Void, Never>?
    private let shown: UNNotificationContent
    private let lock = NSLock()
    private var handler: ((UNNotificationContent) -> Void)?

    init(shown: UNNotificationContent, handler: @escaping (UNNotificationContent) -> Void) {
        self.shown = shown
        self.handler = handler
    }

    /// With these words, or those that the push came with: the relay's, which say nothing of the transfer.
    func give(_ words: String?) {
        lock.lock()
        let handler = handler
        self.handler = nil
        lock.unlock()
        guard let handler else { return }
        guard let words, let content = shown.mutableCopy() as? UNMutableNotificationContent else { return handler(shown) }
        content.body = words
        handler(content)
    }
}
