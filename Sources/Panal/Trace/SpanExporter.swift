import Linux
import Logging
import Telemetry

/// Sends the spans of all processes of the service to a collector.
///
/// One thread takes them out of the shared memory, whatever the collector does; another one sends them. What is there while the
/// collector does not take it is kept, up to a limit; what comes beyond that is dropped, and counted. The log says once when that
/// begins, and once when it is over.
final class SpanExporter: Sendable {
    private let table: SpanTable
    private let collector: SpanCollector
    private let delay: Duration
    private let logger: Logger
    private let exported: MetricCell?
    private let dropped: MetricCell?
    private let failed: MetricCell?

    private let state: Lock<State>
    /// One thread at a time takes spans out of the shared memory.
    private let gathering: Lock<Int>
    /// Rung when there is enough to be sent, and at the end.
    private let enough: EventFD
    private let stopping: EventFD
    private let finished: EventFD

    private struct State {
        var queue: SpanQueue
        /// When it must be over, once it was told to stop.
        var end: MonotonicInstant?
        /// Whether spans are not taken, whether that was said, how many were lost since, and when it may be said next.
        var isFailing = false
        var isTold = false
        var lost = 0
        var nextWarning = MonotonicInstant(nanoseconds: 0)
        /// On their way.
        var underway = 0
    }

    /// How many spans are sent at once.
    private static let batch = 512
    /// How often to look for spans.
    private static let interval = Duration.milliseconds(250)
    /// For how long to try to send the same ones.
    private static let patience = Duration.seconds(60)
    private static let shortestPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(10)
    /// What a collector may ask for.
    private static let longestWait = Duration.seconds(600)
    /// What comes and goes is not said each time.
    private static let timeBetweenWarnings = Duration.seconds(60)

    /// - Parameters:
    ///   - queueSize: how many spans are kept.
    ///   - delay: how long they wait for others.
    init(
        _ table: SpanTable,
        to collector: SpanCollector,
        queueSize: Int,
        delay: Duration,
        _ metrics: MetricsTable?,
        _ logger: Logger
    ) throws(SystemError) {
        self.table = table
        self.collector = collector
        self.delay = delay
        self.logger = logger
        func cell(_ name: String) -> MetricCell? { metrics?.cell(MetricSeries(name, .counter)) }
        exported = cell(ServiceMetric.spansExported)
        dropped = cell(ServiceMetric.spansDropped)
        failed = cell(ServiceMetric.exportsFailed)
        state = Lock(State(queue: SpanQueue(limit: queueSize)))
        gathering = Lock(table.reported)
        enough = try EventFD()
        stopping = try EventFD()
        finished = try EventFD()
    }

    /// Begins.
    func start() throws(SystemError) {
        try Thread.start { [self] in gatherAgainAndAgain() }.detach()
        try Thread.start { [self] in sendAgainAndAgain() }.detach()
    }

    /// Sends what is there, as far as it can be done in that time.
    func stop(within time: Duration) {
        gather()
        let end = MonotonicInstant.now + time
        state.withLock { $0.end = end }
        stopping.signal()
        enough.signal()
        var poll = Poll()
        poll.add(finished.rawValue, .read)
        poll.wait(atMost: time)
        let left = state.withLock { $0.queue.count + $0.underway }
        guard left > 0 else { return }
        dropped?.add(Int64(left))
        logger.warning("spans lost at the stop: the collector did not take them", metadata: ["spans": .number(left)])
    }

    // MARK: - Gathering

    private func gatherAgainAndAgain() {
        while true {
            var poll = Poll()
            let bell = poll.add(table.bell.rawValue, .read)
            let stop = poll.add(stopping.rawValue, .read)
            poll.wait(atMost: Self.interval)
            if poll.isReady(stop) { return }
            if poll.isReady(bell) { table.bell.clear() }
            gather()
        }
    }

    private func gather() {
        gathering.withLock { known in
            var spans: [SpanRecord] = []
            let broken = table.take { spans.append($0) }
            let total = table.dropped
            let lost = max(0, total - known) + broken
            known = total
            table.reported = total
            guard lost > 0 || !spans.isEmpty else { return }
            let (left, count) = state.withLock { state in (state.queue.append(spans), state.queue.count) }
            if count >= Self.batch { enough.signal() }
            if lost > 0 { note(lost: lost, because: "a worker ended more spans than are taken from it") }
            if left > 0 { note(lost: left, because: "more spans come than the collector takes") }
        }
    }

    // MARK: - Sending

    private func sendAgainAndAgain() {
        while true {
            var poll = Poll()
            let isEnough = poll.add(enough.rawValue, .read)
            poll.wait(atMost: delay)
            if poll.isReady(isEnough) { enough.clear() }
            while let batch = takeBatch() {
                export(batch)
                state.withLock { $0.underway = 0 }
            }
            if end != nil, isEmpty || isOver {
                finished.signal()
                return
            }
        }
    }

    private var end: MonotonicInstant? { state.withLock { $0.end } }
    private var isEmpty: Bool { state.withLock { $0.queue.count == 0 } }
    private var isOver: Bool { end.map { $0 <= .now } ?? false }

    private func takeBatch() -> [SpanRecord]? {
        guard !isOver else { return nil }
        return state.withLock { state in
            let batch = state.queue.removeFirst(atMost: Self.batch)
            state.underway = batch.count
            return batch.isEmpty ? nil : batch
        }
    }

    private func export(_ batch: [SpanRecord]) {
        let giveUp = MonotonicInstant.now + Self.patience
        var pause = Self.shortestPause
        while true {
            switch collector.send(batch, until: end) {
            case .taken(let rejected, let reason):
                exported?.add(Int64(batch.count - rejected))
                if rejected > 0 {
                    note(lost: rejected, because: "the collector rejected some: \(reason)")
                } else {
                    noteSuccess()
                }
                return
            case .refused(let reason):
                failed?.add()
                note(lost: batch.count, because: reason)
                return
            case .later(let time, let reason):
                failed?.add()
                let wait = max(min(time ?? .zero, Self.longestWait), pause * Double.random(in: 0.75...1.25))
                pause = min(pause * 2, Self.longestPause)
                let isOver = MonotonicInstant.now >= giveUp
                note(lost: isOver ? batch.count : 0, because: reason)
                // Also before what comes next: the collector wants to be left alone.
                let mayGoOn = waitUnlessStopped(wait)
                if isOver { return }
                guard mayGoOn else { return note(lost: batch.count, because: reason) }
            }
        }
    }

    /// - Returns: Whether it may be tried again.
    private func waitUnlessStopped(_ time: Duration) -> Bool {
        guard end == nil else { return false }
        var poll = Poll()
        poll.add(stopping.rawValue, .read)
        poll.wait(atMost: time)
        return true
    }

    // MARK: - Saying

    private func note(lost: Int, because reason: String) {
        if lost > 0 { dropped?.add(Int64(lost)) }
        let begins = state.withLock { state in
            state.lost += lost
            guard !state.isFailing else { return false }
            state.isFailing = true
            let now = MonotonicInstant.now
            guard state.nextWarning <= now else { return false }
            state.nextWarning = now + Self.timeBetweenWarnings
            state.isTold = true
            return true
        }
        guard begins else { return }
        logger.warning(
            "traces are not exported",
            metadata: ["reason": .string(reason), "collector": .string(collector.url)]
        )
    }

    private func noteSuccess() {
        let lost = state.withLock { state -> Int? in
            state.isFailing = false
            // What went by without a word is told with the next.
            guard state.isTold else { return nil }
            defer { (state.isTold, state.lost) = (false, 0) }
            return state.lost
        }
        guard let lost else { return }
        logger.notice("traces are exported again", metadata: ["lost": .number(lost)])
    }
}
