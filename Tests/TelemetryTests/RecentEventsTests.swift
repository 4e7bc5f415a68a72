import Linux
import Testing

@testable import Telemetry

@Suite("The recent events of a service")
struct RecentEventsTests {
    private func text(_ number: Int) -> [UInt8] { Array("{\"message\":\"event \(number)\"}".utf8) }

    @Test("have numbers in the order in which they happened, and a reader goes on from one")
    func order() throws {
        let events = try RecentEvents()
        #expect(events.last == 0 && events.events().isEmpty && events.events(after: -1).isEmpty)
        for number in 1...3 { events.append(text(number)) }
        #expect(events.events().map(\.number) == [1, 2, 3])
        #expect(events.events(after: 2).map(\.text) == [#"{"message":"event 3"}"#])
        #expect(events.events(after: 3).isEmpty && events.events(after: 99).isEmpty)
        #expect(events.events(after: -5).count == 3)
    }

    @Test("are the last ones: the oldest make room")
    func room() throws {
        let events = try RecentEvents()
        let count = RecentEvents.capacity + 10
        for number in 1...count { events.append(text(number)) }
        let kept = events.events()
        #expect(kept.map(\.number) == Array(11...count))
        #expect(kept.allSatisfy { $0.text == String(decoding: text($0.number), as: UTF8.self) })
    }

    @Test("go on in a program that takes over, and are others' to read")
    func takenOver() throws {
        let former = try RecentEvents()
        former.append(text(1))
        let next = try #require(RecentEvents(in: former.memory))
        next.append(text(2))
        #expect(former.events().map(\.number) == [1, 2])
        #expect(next.era == former.era && next.era != 0)
        #expect(RecentEvents(in: try SharedMemory("other", size: 8192)) == nil)
    }

    @Test("are whole or not there: half a JSON object is none")
    func long() throws {
        let events = try RecentEvents()
        events.append([UInt8](repeating: 120, count: RecentEvents.longestText + 1))
        #expect(events.last == 0)
        events.append([UInt8](repeating: 120, count: RecentEvents.longestText))
        #expect(events.events().first?.text.utf8.count == RecentEvents.longestText)
    }

    @Test("are never mixed up while one is written and another read")
    func concurrent() throws {
        let events = try RecentEvents()
        let writer = try Thread.start {
            for number in 1...5_000 {
                // Of another length each time, and all of one character.
                let character = UInt8(ascii: "a") + UInt8(number % 26)
                events.append([UInt8](repeating: character, count: 1 + number * 37 % 4000))
            }
        }
        while events.last < 5_000 {
            for event in events.events(after: events.last - 300) {
                let character = UInt8(ascii: "a") + UInt8(event.number % 26)
                let whole = [UInt8](repeating: character, count: 1 + event.number * 37 % 4000)
                #expect(event.text == String(decoding: whole, as: UTF8.self))
            }
        }
        writer.join()
    }

    @Test("are lines for people, from which nothing moves the cursor")
    func readable() throws {
        let events = try RecentEvents()
        var line = LogLine()
        line.begin("error", message: "worker exited", at: .now())
        line.field("request", "GET /\u{1b}[2J")
        events.append(line.end().dropLast())
        let text = try #require(events.events().first).line
        #expect(text.contains("error worker exited") && text.contains("GET /") && !text.contains("\u{1b}"))
    }
}
