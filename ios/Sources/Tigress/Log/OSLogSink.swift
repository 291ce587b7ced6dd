#if canImport(os)
    import os

    /// Writes the library's log to the system's, where Console shows it: subsystem `org.tigress`, one category for each
    /// part of the library.
    public struct OSLogSink: LogSink {
        private static let subsystem = "org.tigress"

        /// A sink.
        public init() {}

        /// Writes the record. Its texts hold no secrets, so they are public.
        public func log(_ record: LogRecord) {
            Logger(subsystem: Self.subsystem, category: record.target)
                .log(level: OSLogType(record.level), "\(record.text, privacy: .public)")
        }
    }

    extension OSLogType {
        fileprivate init(_ level: LogLevel) {
            self =
                switch level {
                case .debug: .debug
                case .info: .info
                case .warn: .error
                case .error: .fault
                }
        }
    }
#endif
