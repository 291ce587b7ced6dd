import Foundation

/// A real relay, `tigress relay`, as a process of its own; it ends with this object.
final class RelayProcess: @unchecked Sendable {
    let origin: URL
    private let process: Process

    init() throws {
        guard let binary = ProcessInfo.processInfo.environment["TIGRESS_BIN"] else {
            throw Failed("TIGRESS_BIN must name the command tigress: scripts/test swift does")
        }
        process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        // More transfers than a device has: their connections are not what is tested.
        let limit = ["--limit", "connections=512,512,512"]
        process.arguments = ["relay", "--store", "memory", "--listen", "127.0.0.1:0"] + limit
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        origin = try Self.announced(output.fileHandleForReading)
    }

    deinit {
        // On Linux it inherits the blocked signals of this test's thread: no other signal would reach it.
        kill(process.processIdentifier, SIGKILL)
    }

    /// The first line says where it listens.
    private static func announced(_ output: FileHandle) throws -> URL {
        var line = Data()
        while let byte = try output.read(upToCount: 1), byte != Data("\n".utf8) {
            line += byte
        }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count >= 3, words[0] == "listening", let url = URL(string: String(words[2])) else {
            throw Failed("the relay did not say where it listens")
        }
        return url
    }
}

/// What a test's own machinery could not do.
struct Failed: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
