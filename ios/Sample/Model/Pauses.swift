import Foundation

/// Waits that the user may end: nobody looks at a clock who has just made room, or has a network again.
@MainActor
final class Pauses {
    private let length: Duration
    private var waiting: [UUID: Task<Void, Never>] = [:]

    init(length: Duration) {
        self.length = length
    }

    /// Returns after the pause, or when it is ended, or the task is cancelled.
    func wait() async {
        let (id, length) = (UUID(), length)
        let pause = Task { _ = try? await Task.sleep(for: length) }
        waiting[id] = pause
        await withTaskCancellationHandler {
            await pause.value
        } onCancel: {
            pause.cancel()
        }
        waiting[id] = nil
    }

    /// Ends all that go on.
    func end() {
        waiting.values.forEach { $0.cancel() }
    }
}

/// Off the main actor, which waits for no disk.
func onDisk<Result: Sendable>(_ action: @Sendable () throws -> Result) async rethrows -> Result {
    try action()
}
