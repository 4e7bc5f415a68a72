import Linux
import Prefork
import Telemetry
import Testing

@testable import HTTPClient
@testable import Panal

@Suite("The status of a service")
struct StatusTests {
    private static let second = 1_000_000_000

    /// A thousand requests in a minute, two thirds of whose time was waiting.
    private func report(requests: Int = 1000) -> ConcurrencyReport {
        let start = MonotonicInstant(nanoseconds: 5)
        let fast = HandlerTimes(requests: 10, wall: Self.second / 100, processor: Self.second / 100)
        let slow = HandlerTimes(
            requests: requests - 10,
            wall: 60 * Self.second,
            processor: 18 * Self.second,
            runQueue: 2 * Self.second
        )
        return ConcurrencyReport(
            from: .nothing(at: start),
            to: HandlerTimesReading(
                time: start + .seconds(60),
                names: ["GET /fast", "GET /slow/{id}", "GET /never"],
                times: [fast, slow, HandlerTimes()]
            )
        )
    }

    private let pool = PoolState(
        size: PoolSize(workers: 2, threads: 16),
        limits: PoolLimits(processors: 2, workers: 2, threads: 16)
    )

    private func status(_ report: ConcurrencyReport) -> ServiceStatus {
        ServiceStatus(
            supervisor: 100,
            isStopping: false,
            workers: [
                ServiceStatus.Worker(
                    number: 1,
                    pid: 101,
                    generation: 2,
                    phase: .ready,
                    age: .seconds(3725),
                    requests: 1000,
                    connections: 7,
                    freeThreads: 15,
                    waiting: 0,
                    inFlight: [
                        ServiceStatus.RequestInFlight(label: "GET /slow/\"1\"", id: "ab", age: .milliseconds(1250))
                    ]
                ),
                ServiceStatus.Worker(
                    number: 2,
                    pid: 102,
                    generation: 2,
                    phase: .booting,
                    age: nil,
                    requests: 0,
                    connections: 0,
                    freeThreads: nil,
                    waiting: 0,
                    inFlight: []
                ),
            ],
            concurrency: ServiceStatus.Concurrency(report: report, pool: pool)
        )
    }

    @Test("is tables for people: the workers, what is in flight, the routes, and what is recommended")
    func text() {
        #expect(
            status(report()).text == """
                supervisor 100

                worker  pid  generation    phase    age  requests  connections  free threads  waiting  in flight
                1       101           2    ready  1h 2m      1000            7            15        0          1
                2       102           2  booting      -         0            0             -        0          0

                in flight:
                worker 1: GET /slow/"1", 1.250s, request id ab

                time in handlers in 1m 0s:
                route           requests  per second  mean ms  I/O %  concurrency
                GET /fast             10        0.17    1.000      0        0.000
                GET /slow/{id}       990       16.50   60.606     67        1.000
                all                 1000       16.67   60.010     67        1.000

                recommended for 2.0 processors: 2 workers × 4 threads; configured: 2 workers × 16 threads

                """
        )
        #expect(
            status(report(requests: 20)).text.contains("recommended: too few requests to say; configured: 2 workers")
        )
    }

    @Test("is one JSON object for programs")
    func json() {
        let json = status(report()).json
        #expect(json.hasPrefix(#"{"supervisor":100,"stopping":false,"workers":[{"number":1,"pid":101,"generation":2,"#))
        #expect(json.contains(#""inFlight":[{"request":"GET /slow/\"1\"","requestId":"ab","durationMs":1250"#))
        #expect(json.contains(#"{"route":"GET /slow/{id}","requests":990,"perSecond":16.5,"#))
        #expect(json.hasSuffix(#""configured":{"workers":2,"threads":16},"recommended":{"workers":2,"threads":4}}"#))
        #expect(!status(report(requests: 20)).json.contains("recommended"))
    }

    @Test("has what came of calls to other services, by host, when there were any")
    func hosts() {
        var host = HostReading(host: "https://rooms.example:443")
        host.attempts = 12
        host.retries = 2
        host.failures = [.timeout: 3, .serverError: 1]
        host.refusals = 7
        host.duration = .milliseconds(240)
        host.circuit = .halfOpen
        var status = status(report())
        #expect(!status.text.contains("calls out") && !status.json.contains("callsOut"))
        status.hosts = [host]
        #expect(
            status.text.hasSuffix(
                """
                calls out since the start:
                host                       attempts  retries  failed  not made  mean ms    circuit
                https://rooms.example:443        12        2       4         7   20.000  half-open

                """
            )
        )
        #expect(
            status.json.hasSuffix(
                #""callsOut":[{"host":"https://rooms.example:443","attempts":12,"retries":2,"failures":[{"kind":"timeout","#
                    + #""count":3},{"kind":"server error","count":1}],"notMade":7,"meanMs":20.0,"circuit":"half-open"}]}"#
            )
        )
    }

    @Test("is one line a minute in the log, with the routes that waited most")
    func notice() throws {
        let notice = try #require(report().notice(pool))
        #expect(notice.level == .info && notice.message == "time in handlers")
        #expect(notice["interval"] == .duration(.seconds(60)))
        #expect(notice["requests"] == .integer(1000))
        #expect(notice["ioPercent"] == .integer(67))
        guard case .decimal(let concurrency) = notice["concurrency"] else {
            Issue.record("no concurrency")
            return
        }
        #expect((1.0...1.001).contains(concurrency))
        #expect(notice["workers"] == .integer(2) && notice["threads"] == .integer(16))
        #expect(notice["recommendedWorkers"] == .integer(2) && notice["recommendedThreads"] == .integer(4))
        #expect(notice["waitedMost"] == .text("GET /slow/{id} 40.000 s, 67 %"))
        #expect(report(requests: 20).notice(pool)?["recommended"] == .text("too few requests to say"))
    }

    @Test("is said of each interval anew, and of one without requests not at all")
    func intervals() throws {
        let table = try HandlerTimesTable(slots: 1, lanes: 1)
        var now = MonotonicInstant(nanoseconds: 0)
        let lane = table.lane(0, ofSlot: 0)
        lane.add(cell: 0, wall: 5, processor: 5, runQueue: 0)
        let log = ConcurrencyLog(table) { now }
        now = now + ConcurrencyLog.interval
        #expect(log.notice(pool) == nil, "what was before it began is not its minute's")
        #expect(table.pool == pool, "whoever looks at the service knows what it may use")
        for _ in 0..<3 { lane.add(cell: 0, wall: 5, processor: 5, runQueue: 0) }
        now = now + ConcurrencyLog.interval
        #expect(log.notice(pool)?["requests"] == .integer(3))
        now = now + ConcurrencyLog.interval
        #expect(log.notice(pool) == nil)
    }

    @Test(
        "shows numbers rounded, with as many decimals as asked for",
        arguments: [
            (0.0, 2, "0.00"), (1.005, 1, "1.0"), (0.996, 2, "1.00"), (12.3456, 3, "12.346"), (7.5, 0, "8"),
            (-0.001, 2, "0.00"),
            (-1.25, 1, "-1.3"), (.infinity, 1, "-"), (.nan, 1, "-"),
        ]
    )
    func decimals(value: Double, decimals: Int, text: String) {
        #expect(value.text(decimals: decimals) == text)
    }
}
