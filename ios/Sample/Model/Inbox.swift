import Foundation

/// Where the system puts its copies of files that other apps hand over: `Documents/Inbox`. They hold secrets, and the system
/// removes none.
struct Inbox: Sendable {
    private let folder: URL

    init(folder: URL) {
        self.folder = folder
    }

    /// The name of a file of this folder; none for others, which are not the app's to remove.
    func name(of file: URL) -> String? {
        file.deletingLastPathComponent().standardizedFileURL.path == folder.standardizedFileURL.path
            ? file.lastPathComponent : nil
    }

    /// Removes all but one.
    func clear(except kept: String? = nil) {
        let manager = FileManager.default
        let files = (try? manager.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        for file in files where file.lastPathComponent != kept && file.pathExtension == "tigress" {
            try? manager.removeItem(at: file)
        }
    }
}
