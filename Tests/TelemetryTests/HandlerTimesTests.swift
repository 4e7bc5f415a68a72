import Glibc
import Linux
import Testing

@testable import Telemetry

@Suite("The table of handler times")
struct HandlerTimesTests {
    @Test("sums what the threads of all workers add, by route")
    func sums() throws {
        let table = try HandlerTimesTable(slots: 8, lanes: 3)
        #expect(table.cells(of: ["GET /a", "POST /b"]) == [0, 1])
        let threads = try (0..<6).map { number in
            let lane = table.lane(number % 3, ofSlot: number / 3 * 7)
            return try Thread.start {
                for _ in 0..<1000 {
                    lane.add(cell: number % 2, wall: 5_000, processor: 1_000, runQueue: 500)
                    lane.add(cell: -1, wall: 7, processor: 0, runQueue: -3)
                }
            }
        }
        for thread in threads { thread.join() }
        let reading = table.read()
        #expect(reading.names[0...1] == ["GET /a", "POST /b"] && reading.names.last == HandlerTimesTable.otherRoutes)
        let half = HandlerTimes(requests: 3000, wall: 15_000_000, processor: 3_000_000, runQueue: 1_500_000)
        #expect(reading.times[0] == half && reading.times[1] == half)
        #expect(reading.times.last == HandlerTimes(requests: 6000, wall: 42_000))
        #expect(reading.times[2..<HandlerTimesTable.routeCapacity].allSatisfy { $0 == HandlerTimes() })
    }

    @Test("goes on where a worker's predecessor ended")
    func successor() throws {
        let table = try HandlerTimesTable(slots: 2, lanes: 1)
        for _ in 0..<2 { table.lane(0, ofSlot: 1).add(cell: 3, wall: 10, processor: 4, runQueue: 1) }
        #expect(table.read().times[3] == HandlerTimes(requests: 2, wall: 20, processor: 8, runQueue: 2))
    }

    @Test("counts routes that have no cell of their own together")
    func others() throws {
        let table = try HandlerTimesTable(slots: 1, lanes: 64)
        table.lane(63, ofSlot: 0).add(cell: 64, wall: 1, processor: 1, runQueue: 0)
        table.lane(0, ofSlot: 0).add(cell: 1_000_000, wall: 1, processor: 1, runQueue: 0)
        table.lane(0, ofSlot: 0).add(cell: 63, wall: 1, processor: 1, runQueue: 0)
        #expect(table.read().times.map(\.requests).suffix(2) == [1, 2])
    }

    @Test("gives a name one cell for good, cut between characters where it is shown, until there are no more")
    func names() throws {
        let table = try HandlerTimesTable(slots: 1, lanes: 1)
        let long = "GET /" + String(repeating: "ü", count: 100)
        #expect(table.cells(of: [long] + (1..<80).map { "GET /\($0)" }) == (0..<80).map { min($0, 64) })
        #expect(table.cells(of: ["GET /7", "GET /other", long]) == [7, 64, 0])
        let names = table.read().names
        #expect(names[0] == "GET /" + String(repeating: "ü", count: 53))
        #expect(names[63] == "GET /63" && names.count == 65)
    }

    @Test("is gone on with by a program whose routes are others: each finds its name's cell")
    func takeover() throws {
        let former = try HandlerTimesTable(slots: 4, lanes: 2)
        let cells = former.cells(of: ["GET /a", "GET /b"])
        former.lane(0, ofSlot: 0).add(cell: cells[1], wall: 5, processor: 2, runQueue: 1)
        let memory = try SharedMemory(
            mapping: FileDescriptor(owning: dup(former.memory.descriptor)),
            size: former.memory.size
        )
        let table = try #require(HandlerTimesTable(in: memory, slots: 4, lanes: 2))
        #expect(table.cells(of: ["GET /new", "GET /b"]) == [2, 1])
        table.lane(1, ofSlot: 3).add(cell: 1, wall: 5, processor: 2, runQueue: 1)
        #expect(former.read().times[1] == HandlerTimes(requests: 2, wall: 10, processor: 4, runQueue: 2))
        #expect(HandlerTimesTable(in: memory, slots: 4, lanes: 3) == nil)
    }

    @Test("can be read by another program, which cannot change it")
    func reader() throws {
        let table = try HandlerTimesTable(slots: 4, lanes: 2)
        let state = PoolState(
            size: PoolSize(workers: 3, threads: 16),
            limits: PoolLimits(processors: 1.5, workers: 2, threads: 16)
        )
        table.pool = state
        #expect(table.cells(of: ["GET /"]) == [0])
        let memory = try SharedMemory(reading: FileDescriptor(owning: dup(table.descriptor)))
        let reader = try #require(HandlerTimesTable(reading: memory))
        table.lane(1, ofSlot: 3).add(cell: 0, wall: 9, processor: 9, runQueue: 0)
        #expect(reader.read().times[0].requests == 1 && reader.read().names[0] == "GET /")
        #expect(reader.pool == state && reader.madeAt == table.madeAt)
        #expect(HandlerTimesTable(reading: try SharedMemory("other", size: 1 << 20)) == nil)
    }

    @Test("costs memory for the threads that ran handlers, and reading costs none")
    func memory() throws {
        let table = try HandlerTimesTable(slots: 512, lanes: 17)
        func pages() -> Int {
            var status = stat()
            return fstat(table.descriptor, &status) == 0 ? Int(status.st_blocks) * 512 / 4096 : -1
        }
        table.lane(0, ofSlot: 0).add(cell: 0, wall: 1, processor: 1, runQueue: 0)
        table.lane(16, ofSlot: 511).add(cell: 0, wall: 1, processor: 1, runQueue: 0)
        #expect(table.read().times[0].requests == 2)
        #expect(pages() <= 8, "\(pages()) pages")
    }
}

@Suite("A concurrency report")
struct ConcurrencyReportTests {
    private let second = 1_000_000_000

    private func report(_ times: HandlerTimes..., seconds: Int = 60) -> ConcurrencyReport {
        let earlier = HandlerTimes(requests: 1, wall: 1000, processor: 100, runQueue: 10)
        let names = times.indices.map { "GET /\($0)" }
        return ConcurrencyReport(
            from: HandlerTimesReading(time: .init(nanoseconds: 5), names: names, times: times.map { _ in earlier }),
            to: HandlerTimesReading(
                time: .init(nanoseconds: 5) + .seconds(seconds),
                names: names,
                times: times.map { $0 + earlier }
            )
        )
    }

    @Test("is about what came between two readings, of the routes that were asked for")
    func differences() {
        let times = HandlerTimes(requests: 30, wall: 3 * second, processor: second, runQueue: second / 2)
        let report = report(HandlerTimes(), times, seconds: 10)
        #expect(report.routes == [.init(name: "GET /1", times: times)])
        #expect(report.total == times && report.interval == .seconds(10))
        #expect(report.rate(of: times) == 3)
        #expect(report.concurrency(of: times) == 0.3)
        #expect(times.meanWall == second / 10)
        #expect(times.waitingShare == 0.5)
    }

    @Test("begins with nothing at a table's beginning, and says nothing of an interval without length")
    func beginning() {
        let reading = HandlerTimesReading(
            time: .init(nanoseconds: 7),
            names: ["GET /"],
            times: [HandlerTimes(requests: 2, wall: 4, processor: 4)]
        )
        let report = ConcurrencyReport(from: .nothing(at: .init(nanoseconds: 7)), to: reading)
        #expect(report.total.requests == 2)
        #expect(report.rate(of: report.total) == 0 && report.concurrency(of: report.total) == 0)
        #expect(HandlerTimes().waitingShare == nil)
    }

    @Test("names the routes that waited longest")
    func mostWaiting() {
        let report = report(
            HandlerTimes(requests: 1, wall: 5, processor: 5),
            HandlerTimes(requests: 1, wall: 50, processor: 5),
            HandlerTimes(requests: 9, wall: 60, processor: 5),
            HandlerTimes(requests: 1, wall: 40, processor: 2, runQueue: 30)
        )
        #expect(report.mostWaiting(3).map(\.name) == ["GET /2", "GET /1", "GET /3"])
        #expect(report.mostWaiting(1).map(\.name) == ["GET /2"])
    }

    @Test(
        "recommends threads by the share of waiting, within what a worker may have",
        arguments: [
            // Waiting and run-queue time as parts of the processor time, processors, workers allowed: threads.
            (0.0, 0.0, 2.0, 2, 1), (1.0, 0.0, 2.0, 2, 2), (9.0, 0.0, 2.0, 2, 10), (99.0, 0.0, 2.0, 2, 16),
            // Only those who wait for something else than a processor make room for others.
            (0.0, 9.0, 2.0, 2, 1), (1.0, 9.0, 2.0, 2, 2),
            // A tenth of a thread is none; half a processor shared by two workers.
            (0.05, 0.0, 4.0, 4, 1), (0.5, 0.0, 4.0, 4, 2), (9.0, 0.0, 0.5, 2, 3),
            // Memory for one worker only: its threads do for both processors.
            (1.0, 0.0, 2.0, 1, 4),
        ]
    )
    func advice(waiting: Double, runQueue: Double, processors: Double, workers: Int, threads: Int) {
        let computing = 10.0 * Double(second)
        let times = HandlerTimes(
            requests: 1000,
            wall: Int(computing * (1 + waiting + runQueue)),
            processor: Int(computing),
            runQueue: Int(computing * runQueue)
        )
        let limits = PoolLimits(processors: processors, workers: workers, threads: 16)
        #expect(report(times).advice(within: limits) == .size(PoolSize(workers: workers, threads: threads)))
    }

    @Test("recommends all threads there may be for handlers that only wait, and one for those that do nothing")
    func extremes() {
        let limits = PoolLimits(processors: 2, workers: 2, threads: 5)
        let waiting = HandlerTimes(requests: 100, wall: second)
        #expect(report(waiting).advice(within: limits) == .size(PoolSize(workers: 2, threads: 5)))
        #expect(
            report(HandlerTimes(requests: 100)).advice(within: limits) == .size(PoolSize(workers: 2, threads: 1))
        )
    }

    @Test("recommends nothing by a few requests")
    func tooFew() {
        let limits = PoolLimits(processors: 2, workers: 2, threads: 16)
        let few = HandlerTimes(requests: ConcurrencyReport.leastRequests - 1, wall: second)
        #expect(report(few).advice(within: limits) == .tooFewRequests)
    }
}
