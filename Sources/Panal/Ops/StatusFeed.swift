import Glibc
import HTTPServer
import HTTPTypes
import Linux
import Prefork
import Telemetry
import Values

/// What the status page draws: samples of the service, taken by one thread for all who watch.
///
/// While somebody watches there is one each second, otherwise as many as a chart of the last minutes needs. Who watches takes
/// what there is at its own pace: nobody waits for somebody else.
final class StatusFeed: Sendable {
    private let info: ServiceInfo
    private let sampler: ServiceSampler
    private let scoreboard: Scoreboard
    /// `nil` for job workers.
    private let handlerTimes: HandlerTimesTable?
    private let recent: RecentEvents
    /// Ends the pause between two samples when somebody comes.
    private let arrival: EventFD
    private let state = Lock(State())

    private struct State: Sendable {
        /// By which each is told of a new sample.
        var watchers: [ObjectIdentifier: EventFD] = [:]
        /// JSON objects, oldest first.
        var points: [(time: MonotonicInstant, json: [UInt8])] = []
        /// The last sample in full, as JSON. `nil` when it was taken while nobody watched.
        var snapshot: String?
    }

    /// How many may watch at a time: each has a thread.
    static let mostWatchers = 8
    /// How often a sample is taken while somebody watches.
    private static let interval = Duration.seconds(1)
    /// And while nobody does: a sample costs about a millisecond.
    private static let restingInterval = Duration.seconds(5)
    /// What rates and percentiles are about: shorter, and a number would jump; longer, and one would wait for it.
    private static let window = Duration.seconds(5)
    /// What the recommendation of a size is about, and the table of routes.
    private static let adviceWindow = Duration.seconds(60)
    /// What charts show.
    private static let memory = Duration.seconds(300)
    /// How often memory is counted, which the kernel does page by page.
    private static let memoryInterval = Duration.milliseconds(4500)

    init(_ readings: ServiceReadings, _ recent: RecentEvents, processes: [Int32]) throws(SystemError) {
        info = readings.info
        scoreboard = readings.scoreboard
        handlerTimes = readings.handlerTimes
        self.recent = recent
        sampler = ServiceSampler(
            scoreboard: readings.scoreboard,
            metrics: readings.metrics,
            handlerTimes: readings.handlerTimes,
            processes: processes
        )
        arrival = try EventFD()
    }

    // MARK: - Watching

    /// Somebody who watches, for as long as this is kept.
    final class Watcher: Sendable {
        fileprivate let news: EventFD
        private let feed: StatusFeed

        fileprivate init(_ feed: StatusFeed) throws(SystemError) {
            self.feed = feed
            news = try EventFD()
        }

        deinit {
            let id = ObjectIdentifier(self)
            feed.state.withLock { $0.watchers[id] = nil }
        }
    }

    /// - Throws: 503 when too many watch.
    func watch() throws -> Watcher {
        let watcher = try Watcher(self)
        try state.withLock { state throws(Problem) in
            guard state.watchers.count < Self.mostWatchers else {
                throw Problem(
                    .serviceUnavailable,
                    detail:
                        "\(Self.mostWatchers) watch already, and each takes a thread. Close one, or ask again later.",
                    headerFields: [.retryAfter: "10"]
                )
            }
            state.watchers[ObjectIdentifier(watcher)] = watcher.news
        }
        arrival.signal()
        return watcher
    }

    /// Sends what there is and what comes until the client leaves, is too slow, or `shutdown` is readable.
    /// - Parameter lastID: Of the last notice that the client has seen, from an earlier stream.
    func send(to events: EventStream, as watcher: Watcher, after lastID: String?, until shutdown: CInt) throws {
        try events.send(data: history, event: "history", retry: Self.interval)
        var last = noticeNumber(lastID)
        while true {
            if let snapshot = state.withLock({ $0.snapshot }) { try events.send(data: snapshot, event: "status") }
            for notice in recent.events(after: last) {
                try events.send(data: notice.text, event: "notice", id: "\(recent.era)-\(notice.number)")
                last = notice.number
            }
            var poll = Poll()
            poll.add(watcher.news.rawValue, .read)
            let leave = poll.add(shutdown, .read)
            poll.wait(atMost: nil)
            if poll.isReady(leave) { throw StreamError.serverStopping }
            watcher.news.clear()
        }
    }

    /// 0 when the client has seen none of these.
    private func noticeNumber(_ id: String?) -> Int {
        let parts = id?.split(separator: "-") ?? []
        guard parts.count == 2, UInt64(parts[0]) == recent.era, let number = Int(parts[1]), number <= recent.last
        else { return 0 }
        return number
    }

    private var history: String {
        let points = state.withLock { $0.points }
        var json = JSONWriter(capacity: 1024 + points.count * 160)
        json.object { json in
            json.member("seconds", Int(Self.memory.components.seconds))
            json.key("points")
            json.array { json in for point in points { json.encoded(point.json) } }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    // MARK: - Sampling

    /// Takes samples for as long as the process lives, on a thread of its own.
    func start() {
        let thread = try? Thread.start { self.run() }
        thread?.detach()
    }

    private func run() {
        var samples = Samples()
        while true {
            let begin = MonotonicInstant.now
            take(&samples)
            while true {
                let isWatched = state.withLock { !$0.watchers.isEmpty }
                let rest = begin + (isWatched ? Self.interval : Self.restingInterval) - .now
                guard rest > .zero else { break }
                var poll = Poll()
                let arrived = poll.add(arrival.rawValue, .read)
                poll.wait(atMost: rest)
                if poll.isReady(arrived) { arrival.clear() }
            }
        }
    }

    /// What later ones are compared with, oldest first.
    private struct Samples {
        /// Of the last seconds.
        var all: [ServiceSample] = []
        /// Of the last minute, not as close together.
        var handlers: [HandlerTimesReading] = []
        var memoryIsFrom: MonotonicInstant?
    }

    private func take(_ samples: inout Samples) {
        let now = MonotonicInstant.now
        let countsMemory = samples.memoryIsFrom.map { now - $0 >= Self.memoryInterval } ?? true
        let sample = sampler.sample(memoryOf: countsMemory ? nil : samples.all.last)
        if countsMemory { samples.memoryIsFrom = now }
        let time = Timestamp.now()
        // The youngest that is old enough, but for a tick that came a little early.
        let old = samples.all.lastIndex { sample.time - $0.time > Self.window - .milliseconds(200) }
        if let old { samples.all.removeFirst(old) }
        defer { samples.all.append(sample) }
        guard let earlier = samples.all.first else { return }
        let rates = ServiceRates(from: earlier, to: sample)
        var point = JSONWriter(capacity: 256)
        point.object { rates.write(to: &$0, at: time) }
        let isWatched = state.withLock { state in
            state.points.removeAll { now - $0.time > Self.memory }
            state.points.append((now, point.bytes))
            return !state.watchers.isEmpty
        }
        let report = advise(&samples, sample)
        let snapshot = isWatched ? snapshot(sample, rates, report, point.bytes) : nil
        state.withLock { state in
            state.snapshot = snapshot
            for news in state.watchers.values { news.signal() }
        }
    }

    private func advise(_ samples: inout Samples, _ sample: ServiceSample) -> ConcurrencyReport? {
        guard let reading = sample.handlers else { return nil }
        let old = samples.handlers.lastIndex { reading.time - $0.time > Self.adviceWindow }
        if let old { samples.handlers.removeFirst(old) }
        defer {
            let isDue = samples.handlers.last.map { reading.time - $0.time >= Self.window } ?? true
            if isDue { samples.handlers.append(reading) }
        }
        return samples.handlers.first.map { ConcurrencyReport(from: $0, to: reading) }
    }

    private func snapshot(
        _ sample: ServiceSample,
        _ rates: ServiceRates,
        _ report: ConcurrencyReport?,
        _ point: [UInt8]
    ) -> String {
        let status = ServiceStatus(
            supervisor: getppid(),
            scoreboard,
            concurrency: report.flatMap { report in
                handlerTimes.map { ServiceStatus.Concurrency(report: report, pool: $0.pool(on: scoreboard)) }
            },
            hosts: []
        )
        var json = JSONWriter(capacity: 8192)
        json.object { json in
            json.key("service")
            json.object { json in
                json.member("name", info.name)
                json.member("revision", info.revision)
                json.member("date", info.date)
            }
            json.key("point")
            json.encoded(point)
            json.key("usage")
            json.array { json in
                for (pid, usage) in sample.usage.sorted(by: { $0.key < $1.key }) {
                    json.object { json in
                        json.member("pid", Int(pid))
                        json.member("cpu", ((rates.processorsOfProcess[pid] ?? 0) * 1000).rounded() / 1000)
                        json.member("memory", usage.memory)
                    }
                }
            }
            json.key("status")
            json.encoded(status.json.utf8)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
