import HTTPServer
import Linux
import Logging
import Prefork
import SQL
import Telemetry
import Values

/// What a thread of a worker does with its requests: each is in the black box while it is served, and in the log when it is
/// answered.
final class ThreadObserver: RequestObserver {
    private let worker: Worker
    /// Where it says which request is being served.
    private let lane: WorkerLane
    /// Where it adds what handlers take.
    private let times: HandlerTimesLane?
    private let cells: [Int]
    /// Where it counts them.
    // Only its thread touches it, in calls that make no others of it; each check of that would take as long as a counter.
    @exclusivity(unchecked) private var metrics: RequestMetrics?
    @exclusivity(unchecked) private var spans: RequestSpans
    private let databases: PerThread<Database>?
    private let pid: Int32
    private let activities: Activities
    private let level: SharedLogLevel
    private let logger: Logger
    private let output = LogOutput.standardOutput
    private var line = LogLine()
    private var isAttached = false

    init(
        _ worker: Worker,
        lane: WorkerLane,
        times: HandlerTimesLane?,
        cells: [Int],
        metrics: RequestMetrics?,
        tracer: Tracer?,
        _ databases: PerThread<Database>?,
        _ activities: Activities,
        level: SharedLogLevel,
        logger: Logger
    ) {
        self.worker = worker
        self.lane = lane
        self.times = times
        self.cells = cells
        unsafe self.metrics = metrics
        unsafe spans = RequestSpans(tracer)
        self.databases = databases
        self.activities = activities
        self.level = level
        self.logger = logger
        pid = worker.slot.pid
    }

    func requestBegan(_ request: Request) -> Measurements {
        if !isAttached { attach() }
        if let index = request.routeIndex { worker.show(activities.route(index)) }
        let times = request.monotonicTimes
        request.withMethodAndTarget { label in
            request.withID { id in
                let space = label.indices.first { label[$0] == UInt8(ascii: " ") } ?? label.count
                let target = label.extracting(min(space + 1, label.count)...)
                // Without the query: the log shows it when the worker dies, and it may hold what nobody should read there.
                let path = target.indices.first { target[$0] == UInt8(ascii: "?") } ?? target.count
                unsafe lane.begin(
                    label.extracting(..<space).bytes,
                    target.extracting(..<path).bytes,
                    id: id.bytes,
                    startedAt: MonotonicInstant(nanoseconds: Int64(truncatingIfNeeded: times.start)),
                    deadline: MonotonicInstant(nanoseconds: Int64(truncatingIfNeeded: times.deadline))
                )
            }
        }
        let isProbe = Router.isProbe(request.route)
        unsafe spans.began(request, isProbe: isProbe)
        return isProbe ? [] : .cpuTime
    }

    func requestPaused() {
        lane.pause()
        unsafe spans.paused()
    }

    func requestContinued(until deadline: Int64) { lane.extend(until: MonotonicInstant(nanoseconds: deadline)) }

    /// Counts it: now, so that who has an answer finds it counted, and a worker that is killed takes none of them along.
    func requestAnswered(_ exchange: Exchange) {
        unsafe metrics?.count(exchange)
        if let taken = exchange.handlerTimes, let route = exchange.routeIndex {
            times?.add(cell: cells[route], wall: taken.wall, processor: taken.processor, runQueue: taken.runQueue)
        }
    }

    func requestEnded(_ exchange: Exchange) {
        // What no handler has seen, such as a path that nobody knows, has not begun here.
        if !isAttached { attach() }
        lane.end()
        let isProbe = Router.isProbe(exchange.route)
        unsafe spans.ending(exchange, isProbe: isProbe)
        // What the server itself refuses, such as an unknown method or a client too many, is no fault of the service: a stranger
        // could fill the log with it. Nor is a probe's "not ready"; why is logged when it changes.
        var isFailure = exchange.status >= 500 && exchange.request != nil && !exchange.isRefused
        // That a client leaves is no fault of the service.
        if exchange.isCut, !(exchange.error is StreamError) { isFailure = true }
        if isFailure, exchange.error != nil || !isProbe {
            logFailure(exchange)
        }
        if !isProbe, level.allows(.info) { unsafe line.writeAccess(exchange, spans.context, worker: pid, to: output) }
        unsafe spans.ended(exchange)
    }

    func batchBegan() {
        databases?.current.beginBatch()
    }

    func batchEnded() {
        databases?.current.endBatch()
    }

    func handlerWaits() { databases?.current.leaveBatch() }

    func takeHasCommitted() -> Bool { databases?.current.takeHasCommitted() ?? false }

    func groupBegan() { databases?.current.beginGroup() }

    func endGroup() throws { try databases?.current.endGroup() }

    var isGroupEmpty: Bool { databases?.current.isGroupEmpty ?? true }

    var mayEndGroup: Bool { databases?.current.mayEndGroup ?? true }

    /// With its first request, because it is made on another thread.
    private func attach() {
        isAttached = true
        lane.attachThread()
        unsafe spans.attach { [lane] in lane.blackBox?.id }
    }

    private func logFailure(_ exchange: Exchange) {
        var metadata: Logger.Metadata = [
            "method": .string(exchange.method), "path": .string(exchange.rawPath), "status": .number(exchange.status),
            "worker": .number(pid), "requestId": .string(exchange.id),
        ]
        if let error = exchange.error { metadata["cause"] = .string(String(describing: error)) }
        logger.error("request failed", metadata: metadata)
    }
}

extension LogLine {
    /// The event of one answered request. In one piece, so that the line is taken out of its owner once and not for each
    /// field.
    fileprivate mutating func writeAccess(
        _ exchange: Exchange,
        _ context: TraceContext?,
        worker: Int32,
        to output: LogOutput
    ) {
        begin("info", message: "request", at: .now())
        field("method", exchange.method)
        // Without the query: it may hold what nobody should read in a log.
        exchange.withRawPath { path in field("path", ascii: path) }
        if let route = exchange.route { field("route", route) }
        field("status", exchange.status)
        field("bytesIn", exchange.bytesIn)
        field("bytesOut", exchange.bytesOut)
        field("durationMs", milliseconds: exchange.duration)
        if let time = exchange.cpuTime { field("cpuMs", milliseconds: time) }
        field("worker", Int(worker))
        exchange.withID { id in field("requestId", ascii: id) }
        field("client", exchange.clientAddress)
        if let caller = exchange[Caller.self] { field("caller", caller.name) }
        if let context {
            field("traceId", context.traceID.description)
            field("spanId", context.spanID.description)
        }
        end(collectedBy: output)
    }
}
