import Glibc
import Linux
import Logging
import Testing

@testable import Telemetry

@Suite("Of warnings that repeat each other")
struct RepeatedEventsTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    private let events = RepeatedEvents()

    private func event(
        _ message: Logger.Message,
        _ fields: Logger.Metadata = [:],
        level: Logger.Level = .warning
    ) -> LoggedEvent {
        LoggedEvent(
            LogEvent(level: level, message: message, metadata: nil, source: "", file: "", function: "", line: 0),
            fields
        )
    }

    private func isLogged(_ event: LoggedEvent, after time: Duration = .zero) -> Bool {
        events.note(event, at: start + time).isNew
    }

    private func told(after time: Duration, isLast: Bool = false) -> [String] {
        events.ended(at: start + time, isLast: isLast).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("the first is logged, the others are counted, and the count is told once when the time is over")
    func counted() {
        #expect(isLogged(event("partner is slow", ["host": "a"])))
        for turn in 1...41 {
            #expect(!isLogged(event("partner is slow", ["host": "a"]), after: .milliseconds(turn)))
        }
        #expect(events.isCounting)
        #expect(told(after: .seconds(9)) == [])
        let told = told(after: .seconds(10))
        #expect(told.count == 1)
        #expect(told[0].contains(#""level":"warning","message":"partner is slow","repeated":41,"host":"a"}"#))
        #expect(!events.isCounting)
        #expect(self.told(after: .seconds(100)) == [])
        #expect(isLogged(event("partner is slow", ["host": "a"]), after: .seconds(100)))
    }

    @Test("one that comes after the time is logged, behind the count of those before")
    func later() {
        #expect(isLogged(event("a")))
        #expect(!isLogged(event("a"), after: .seconds(1)))
        let (isNew, ended) = events.note(event("a"), at: start + .seconds(10))
        #expect(isNew)
        #expect(ended.count == 1)
    }

    @Test("one that was not repeated is told of once")
    func single() {
        #expect(isLogged(event("a")))
        #expect(!events.isCounting)
        #expect(told(after: .seconds(20), isLast: true) == [])
    }

    @Test("those with other words, fields or levels are logged, and so is everything below a warning")
    func different() {
        #expect(isLogged(event("a", ["host": "a"])))
        #expect(isLogged(event("a", ["host": "b"])))
        #expect(isLogged(event("b", ["host": "a"])))
        #expect(isLogged(event("a", ["host": "a"], level: .error)))
        for _ in 0..<3 { #expect(isLogged(event("a", level: .notice))) }
    }

    @Test("those of different requests are the same, and their count names no request; errors keep their request")
    func requests() {
        #expect(isLogged(event("a", ["requestId": "1", "traceId": "2", "spanId": "3"])))
        #expect(!isLogged(event("a", ["requestId": "4"])))
        #expect(isLogged(event("a", ["requestId": "1"], level: .error)))
        #expect(isLogged(event("a", ["requestId": "2"], level: .error)))
        #expect(!isLogged(event("a", ["requestId": "2"], level: .error)))
        let told = told(after: .zero, isLast: true)
        #expect(told.count == 2)
        #expect(told.contains { $0.contains(#""level":"warning","message":"a","repeated":1}"#) })
        #expect(told.contains { $0.contains(#""level":"error","message":"a","repeated":1,"requestId":"2"}"#) })
    }

    @Test("no more than a number of different ones is remembered, and no count is lost")
    func bounded() {
        var told = 0
        for number in 0..<1000 {
            let now = start + .microseconds(number)
            for isNew in [true, false] {
                let noted = events.note(event("a", ["number": .number(number)]), at: now)
                #expect(noted.isNew == isNew)
                told += noted.ended.count
            }
        }
        #expect(told == 1000 - RepeatedEvents.capacity)
        #expect(self.told(after: .zero, isLast: true).count == RepeatedEvents.capacity)
    }

    @Test("nobody has to log anything else for the count to be told")
    func toldInTime() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let output = LogOutput(NonBlockingDescriptor(unchanged: ends[1]), repetitionsToldAfter: .seconds(1))
        output.tellRepetitionsInTime()
        for _ in 0..<4 { output.write(event("a")) }
        var text = ""
        while text.split(separator: "\n").count < 2 {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(ends[0], &bytes, bytes.count)
            try #require(count > 0)
            text += String(decoding: bytes[..<count], as: UTF8.self)
        }
        #expect(text.contains(#""message":"a","repeated":3}"#))
    }
}
