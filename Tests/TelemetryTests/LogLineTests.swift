import Foundation
import Telemetry
import Testing
import Values

@Suite("A log line")
struct LogLineTests {
    private let moment = Timestamp(microsecondsSinceEpoch: 1_795_490_055_007_999)

    private func parse(_ line: [UInt8]) throws -> [String: Any] {
        #expect(line.last == UInt8(ascii: "\n"))
        #expect(line.dropLast().allSatisfy { $0 != UInt8(ascii: "\n") })
        return try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }

    @Test("is one JSON object with time, level, message and its fields")
    func shape() throws {
        var line = LogLine()
        line.begin("info", message: "ready", at: moment)
        line.field("port", 8080)
        line.field("negative", -17)
        line.field("draining", false)
        line.field("durationMs", milliseconds: .microseconds(1_234_056))
        line.field("tinyMs", milliseconds: .microseconds(7))
        line.field("path", ascii: [UInt8]("/v1/rooms".utf8).span)
        let text = String(decoding: line.end(), as: UTF8.self)
        #expect(
            text
                == #"{"time":"2026-11-24T03:14:15.007Z","level":"info","message":"ready","port":8080,"negative":-17,"#
                + #""draining":false,"durationMs":1234.056,"tinyMs":0.007,"path":"/v1/rooms"}"# + "\n"
        )
    }

    @Test(
        "escapes what JSON must escape and keeps the rest",
        arguments: ["quote \" and \\", "line\nbreak\r\ttab\u{0}\u{1f}\u{7f}", "Grüße, 東京 👩‍🚀", ""]
    )
    func escaping(_ value: String) throws {
        var line = LogLine()
        line.begin("error", message: value, at: moment)
        line.field(name: value + "k", value)
        let object = try parse(line.end())
        #expect(object["message"] as? String == value)
        #expect(object[value + "k"] as? String == value)
    }

    @Test("stays valid UTF-8 whatever bytes a client sent")
    func hostileBytes() throws {
        var line = LogLine()
        line.begin("info", message: "request", at: moment)
        line.field("path", ascii: [UInt8](0...255).span)
        let object = try parse(line.end())
        #expect((object["path"] as? String)?.unicodeScalars.map(\.value) == Array(0...255))
    }

    @Test("never exceeds 4096 bytes, says that it was cut, and is still JSON", arguments: 3900...4150)
    func cut(_ length: Int) throws {
        for filler in ["x", "\u{1}", "é", "東", "👩"] {
            var line = LogLine()
            line.begin("info", message: "request", at: moment)
            // Two strings, because one alone gets half of the line at the most.
            line.field("half", String(repeating: "x", count: 2000))
            line.field("value", String(repeating: filler, count: (length - 2000) / filler.utf8.count))
            line.field("number", 123_456_789)
            line.field(name: "late", "more")
            let bytes = line.end()
            #expect(bytes.count <= LogLine.maximumLength)
            #expect(String(validating: bytes, as: UTF8.self) != nil)
            let object = try parse(bytes)
            let isComplete = object["late"] as? String == "more"
            #expect(isComplete != (object["truncated"] as? Bool == true))
        }
    }

    @Test("cuts a long string so that what comes behind it is still there")
    func longString() throws {
        var line = LogLine()
        line.begin("info", message: "request", at: moment)
        line.field("path", String(repeating: "\"", count: 7000))
        line.field("status", 404)
        let object = try parse(line.end())
        #expect(object["status"] as? Int == 404)
        #expect(object["truncated"] as? Bool == true)
    }

    @Test("tells the time anew in every millisecond, second and day")
    func time() {
        var line = LogLine()
        for (milliseconds, text) in [
            (1_795_490_055_007, "2026-11-24T03:14:15.007Z"), (1_795_490_055_999, "2026-11-24T03:14:15.999Z"),
            (1_795_490_056_000, "2026-11-24T03:14:16.000Z"), (1_795_564_800_000, "2026-11-25T00:00:00.000Z"),
            (1_795_564_800_000, "2026-11-25T00:00:00.000Z"),
        ] as [(Int64, String)] {
            line.begin("info", message: "tick", at: Timestamp(microsecondsSinceEpoch: milliseconds * 1000))
            #expect(String(decoding: line.end(), as: UTF8.self).contains(text))
        }
    }

    @Test("can be reused without a trace of the event before")
    func reuse() throws {
        var line = LogLine()
        line.begin("info", message: String(repeating: "long ", count: 2000), at: moment)
        _ = line.end()
        line.begin("info", message: "short", at: moment)
        #expect(try parse(line.end()).count == 3)
    }
}

@Suite("A timestamp")
struct TimestampTests {
    @Test("is RFC 3339 in UTC, before the epoch and on leap days too")
    func agreesWithFoundation() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        for seconds in stride(from: Int64(-3_000_000_000), to: 6_000_000_000, by: 7_654_321) {
            var line = LogLine()
            line.begin("info", message: "", at: Timestamp(unixSeconds: seconds))
            let text = String(decoding: line.end(), as: UTF8.self).split(separator: "\"")[3]
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(text == expected)
        }
    }
}
