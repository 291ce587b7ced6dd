internal import TigressGenerated

/// Where the library's log goes. It never holds a secret, a URL or a payload.
public protocol LogSink: Sendable {
    /// Takes one record. Called from any thread: it should return at once, and must not call the library.
    func log(_ record: LogRecord)
}

/// How important a log record is.
public enum LogLevel: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// How it happens.
    case debug
    /// What happens.
    case info
    /// Something is not as it should be.
    case warn
    /// Something does not work.
    case error

    /// By importance.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One line of the log.
public struct LogRecord: Sendable, Hashable {
    /// How important it is.
    public let level: LogLevel
    /// The part of the library that says it.
    public let target: String
    /// What it says.
    public let text: String

    /// A record.
    public init(level: LogLevel, target: String, text: String) {
        self.level = level
        self.target = target
        self.text = text
    }
}

/// Hands the library's log, of the whole process, to `sink`, from `level` up; nil ends that.
///
/// - Throws: ``TigressError`` with the code `bad_config` where the process has another
///   subscriber of Rust's `tracing` already.
public func setLogSink(_ sink: (any LogSink)?, level: LogLevel = .info) throws {
    try rethrowing {
        try TigressGenerated.setLogSink(sink: sink.map(ForeignLogSink.init), level: level.generated)
    }
}

/// The app's sink, for the library.
private final class ForeignLogSink: TigressGenerated.LogSink {
    private let sink: any LogSink

    init(_ sink: any LogSink) {
        self.sink = sink
    }

    func log(record: TigressGenerated.LogRecord) throws {
        sink.log(LogRecord(level: LogLevel(record.level), target: record.target, text: record.text))
    }
}

extension LogLevel {
    fileprivate init(_ level: TigressGenerated.LogLevel) {
        self =
            switch level {
            case .error: .error
            case .warn: .warn
            case .info: .info
            case .debug: .debug
            }
    }

    fileprivate var generated: TigressGenerated.LogLevel {
        switch self {
        case .error: .error
        case .warn: .warn
        case .info: .info
        case .debug: .debug
        }
    }
}
