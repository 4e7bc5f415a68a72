import Foundation
import Logging
import Telemetry
import Testing

@Suite("The JSON log handler")
struct JSONLogHandlerTests {
    /// Runs `body` with a logger that writes into a pipe and returns the lines it wrote.
    private func lines(level: Logger.Level = .info, _ body: (Logger) -> Void) throws -> [[String: Any]] {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        body(Logger(label: "test") { _ in JSONLogHandler(level: level, output: output) })
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        return try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test("puts metadata at the top level and keeps numbers numbers")
    func metadata() throws {
        let events = try lines { logger in
            logger.info(
                "ready",
                metadata: [
                    "pid": .number(17), "ready": .flag(true), "host": "::",
                    "bootMs": .milliseconds(.microseconds(1500)),
                ]
            )
        }
        #expect(events.count == 1)
        #expect(events[0]["message"] as? String == "ready")
        #expect(events[0]["level"] as? String == "info")
        #expect(events[0]["pid"] as? Int == 17)
        #expect(events[0]["ready"] as? Bool == true)
        #expect(events[0]["bootMs"] as? Double == 1.5)
        #expect(events[0]["host"] as? String == "::")
    }

    @Test("is silent below its level")
    func level() throws {
        let events = try lines(level: .warning) { logger in
            logger.info("quiet")
            logger.error("loud")
        }
        #expect(events.map { $0["message"] as? String } == ["loud"])
    }

    @Test("never lets metadata overwrite the line's own keys")
    func reservedKeys() throws {
        let events = try lines { $0.info("true story", metadata: ["message": "lie", "time": "never"]) }
        #expect(events[0]["message"] as? String == "true story")
        #expect(events[0]["_message"] as? String == "lie")
        #expect(events[0]["_time"] as? String == "never")
    }
}
