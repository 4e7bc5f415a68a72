import HTTPServer
import HTTPTypes
import Linux
import Logging
import Prefork
import SQL
import Telemetry
import Values

/// Joins the engine to the outside: what concerns all threads of a worker. What concerns one is a ``ThreadObserver``'s.
final class ServiceObserver: ServerObserver {
    private let worker: Worker
    private let databases: PerThread<Database>?
    private let handlerTimes: HandlerTimesTable?
    private let metrics: MetricsTable?
    private let connections: ConnectionMetrics?
    private let droppedLines: DroppedLinesMetric?
    private let tracer: Tracer?
    private let routes: [Route]
    /// By route: where the times of its handlers are added.
    private let cells: [Int]
    private let activities: Activities
    private let level: SharedLogLevel
    private let logger: Logger
    private let pid: Int32
    private let output = LogOutput.standardOutput
    /// What the worker is about while no handler has the loop.
    private var resting: Activity
    private var nextOverloadEvent = MonotonicInstant(nanoseconds: 0)

    /// An overload comes and goes; one line in so many seconds says enough.
    private static let timeBetweenOverloadEvents = Duration.seconds(10)

    init(
        worker: Worker,
        databases: PerThread<Database>?,
        routes: [Route],
        threads: Int,
        handlerTimes: HandlerTimesTable? = nil,
        metrics: MetricsTable? = nil,
        droppedLines: DroppedLinesMetric? = nil,
        tracer: Tracer? = nil,
        level: SharedLogLevel,
        logger: Logger
    ) {
        self.worker = worker
        self.databases = databases
        self.handlerTimes = handlerTimes
        self.metrics = metrics
        connections = metrics.map { ConnectionMetrics($0) }
        self.droppedLines = droppedLines
        self.routes = routes
        cells = handlerTimes?.cells(of: routes.map { "\($0.method.rawValue) \($0.pattern)" }) ?? []
        self.tracer = tracer
        self.level = level
        self.logger = logger
        pid = worker.slot.pid
        activities = Activities(routes: routes, threads: threads)
        resting = activities.idle
        worker.show(resting)
    }

    func requestObserver(forThread number: Int) -> any RequestObserver {
        ThreadObserver(
            worker,
            lane: worker.slot.lane(number),
            times: handlerTimes?.lane(number, ofSlot: worker.slot.index),
            cells: cells,
            metrics: metrics.map { RequestMetrics($0, routes: routes) },
            tracer: tracer,
            databases,
            activities,
            level: level,
            logger: logger
        )
    }

    func wakeEnded() {
        worker.show(resting)
        output.flush()
        worker.slot.setDroppedLogLines(output.droppedLines)
        droppedLines?.update()
    }

    func connection(_ event: ConnectionEvent) { connections?.count(event) }

    func handlersChanged(running: Int, latest route: Int?) {
        resting =
            switch (running, route) {
            case (0, _): activities.idle
            case (1, let route?): activities.route(route)
            default: activities.running(running)
            }
    }

    func overloadBegan(waiting: Int) {
        let now = MonotonicInstant.now
        guard now >= nextOverloadEvent else { return }
        nextOverloadEvent = now + Self.timeBetweenOverloadEvents
        logger.warning(
            "overloaded, refusing what would wait too long",
            metadata: ["waiting": .number(waiting), "worker": .number(pid)]
        )
    }

    func requestLimitReached() {
        worker.askForReplacement()
    }

    func requestMissed() {
        logger.warning("request crossed the end of its connection", metadata: ["worker": .number(pid)])
    }

    func listenerNotWatched(because error: SystemError) {
        logger.warning("listener not watched, trying again", error: error, metadata: ["worker": .number(pid)])
    }
}

/// What a worker's title says it is about. By route, without what is in a request: everybody on the host can read it.
struct Activities: Sendable {
    let idle = Activity("idle")
    private let routes: [Activity]
    private let counts: [Activity]

    init(routes: [Route], threads: Int) {
        self.routes = routes.map { Activity("busy \($0.method) \($0.pattern)") }
        counts = (0...threads).map { Activity("busy, \($0) of \(threads) threads in handlers") }
    }

    func route(_ index: Int) -> Activity { routes[index] }

    /// So many handlers are at work that take long.
    func running(_ count: Int) -> Activity { counts[min(count, counts.count - 1)] }
}
