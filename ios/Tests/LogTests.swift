import Foundation
import Testing
import Tigress

/// The log is one for the whole process: these run one after another.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LogTests {
    @Test("A sink gets what the library says, from its level up, and nothing once it is taken away")
    func sink() async throws {
        let sink = Kept()
        try setLogSink(sink, level: .debug)
        defer { try? setLogSink(nil) }
        let store = DictionaryStore()
        _ = try store.save(key: "00000000-0000-0000-0000-000000000001", expected: nil, bytes: Data("damaged".utf8))
        let client = try TransferClient(config: Config(), store: store)
        #expect(try await client.transfers().isEmpty)
        let record = try #require(sink.records.first { $0.level == .warn && $0.text.contains("code=store") })
        #expect(record.target.hasPrefix("tigress"))

        try setLogSink(nil)
        let before = sink.records.count
        #expect(try await client.transfers().isEmpty)
        #expect(sink.records.count == before)
    }
}

private final class Kept: LogSink {
    private let kept = Guarded([LogRecord]())

    var records: [LogRecord] { kept.value }

    func log(_ record: LogRecord) {
        kept.change { $0.append(record) }
    }
}
