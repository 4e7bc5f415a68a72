import Linux
import Prefork
import Telemetry
import Testing

@testable import Panal

@Suite("The live view of a service in a terminal")
struct StatusScreenTests {
    private func screen(workers: Int = 3, events: [RecentEvents.Event]? = []) -> StatusScreen {
        let workers = (1...workers).map { number in
            ServiceStatus.Worker(
                number: number,
                pid: 100 + Int32(number),
                generation: 1,
                phase: .ready,
                age: .seconds(60),
                requests: 10,
                connections: 2,
                freeThreads: 15,
                waiting: 0,
                inFlight: [.init(label: "GET /\u{9B}31mä", id: "id", age: .milliseconds(number))]
            )
        }
        return StatusScreen(
            name: "stays",
            status: ServiceStatus(supervisor: 100, isStopping: false, workers: workers, concurrency: nil),
            rates: nil,
            events: events
        )
    }

    private func events(_ count: Int) throws -> [RecentEvents.Event] {
        let events = try RecentEvents()
        for number in 1...count {
            var line = LogLine()
            line.begin("info", message: "event \(number)", at: .now())
            events.append(line.end().dropLast())
        }
        return events.events()
    }

    @Test("fills the screen, and never more, whatever its size", arguments: [(5, 10), (16, 60), (24, 80), (60, 200)])
    func sizes(rows: Int, columns: Int) throws {
        let lines = try screen(workers: 40, events: events(50)).lines(.init(rows: rows, columns: columns))
        #expect(lines.count == rows)
        #expect(lines.allSatisfy { $0.count <= columns })
        #expect(lines.last == "q quits")
        #expect(lines[0] == String("stays, supervisor 100: 40 of 40 workers ready".prefix(columns)))
    }

    @Test("has the newest events at the bottom, and says what it had no room for")
    func bottom() throws {
        let lines = try screen(workers: 40, events: events(50)).lines(.init(rows: 24, columns: 100))
        #expect(lines[22].contains("event 50"))
        #expect(lines.contains("recent events:"))
        #expect(lines.contains { $0.hasPrefix("… and ") && $0.hasSuffix(" more") })
    }

    @Test("shows what a client chose as plain characters")
    func plain() {
        let lines = screen().lines(.init(rows: 30, columns: 100))
        #expect(lines.contains("worker 3: GET /?31m?, 0.003s, request id id"))
        #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } })
    }

    @Test("says so when a service keeps no events")
    func none() {
        let lines = screen(events: nil).lines(.init(rows: 30, columns: 100))
        #expect(lines.contains("recent events: none are kept, because OPS_PORT is not set"))
    }
}
