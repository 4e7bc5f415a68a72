import FoundationEssentials

/// What a service does for each kind of job, and what it does again and again.
///
/// A handler is a plain synchronous function that may wait, on a thread of its own. When it returns, the job is done; when it
/// throws, the job is tried again later. It must bear being run again: a worker may die between the work and the record of it.
public struct JobHandlers: Sendable {
    /// Nothing yet.
    public init() {}

    private(set) var handlers: [String: Handler] = [:]
    private(set) var schedules: [Schedule] = []

    struct Handler: Sendable {
        /// For how long it may run; `nil` for the usual time.
        let timeout: Duration?
        let run: @Sendable (_ payload: String, JobContext) throws -> Void
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { handlers.isEmpty }

    /// Runs jobs of a kind.
    /// - Parameters:
    ///   - type: The jobs.
    ///   - timeout: For how long one may run; the service's `WORK_TIMEOUT` if `nil`.
    ///   - handler: Does one.
    public mutating func on<Work: Job>(
        _ type: Work.Type,
        timeout: Duration? = nil,
        _ handler: @escaping @Sendable (Work, JobContext) throws -> Void
    ) {
        add(Work.kind, timeout: timeout) { payload, context in
            let job: Work
            do {
                job = try JSONDecoder().decode(Work.self, from: Data(payload.utf8))
            } catch {
                // Another release may read it. Without the decoder's words: they may quote what there is to do.
                throw UnreadableJob()
            }
            try handler(job, context)
        }
    }

    /// Does something again and again, by one worker of all hosts each time. The times are whole multiples of the interval since
    /// 1970-01-01T00:00:00Z. Times that passed while no worker ran are told in the log and made up for by one run.
    ///
    /// Each run is a job of its own, which is tried again when it fails, five times at most; while one is not done, the next is
    /// left out.
    /// - Parameters:
    ///   - interval: How often, a second at least.
    ///   - name: What tells it from others, as ``Job/kind``; it stays the same from release to release.
    ///   - timeout: For how long it may run; the service's `WORK_TIMEOUT` if `nil`.
    ///   - handler: Does it.
    public mutating func every(
        _ interval: Duration,
        _ name: String,
        timeout: Duration? = nil,
        _ handler: @escaping @Sendable (JobContext) throws -> Void
    ) {
        precondition(interval >= .seconds(1), "\(name) is to be done every second at most")
        schedules.append(Schedule(name: name, interval: interval))
        add(name, timeout: timeout) { _, context in try handler(context) }
    }

    private mutating func add(
        _ kind: String,
        timeout: Duration?,
        _ run: @escaping @Sendable (String, JobContext) throws -> Void
    ) {
        precondition(JobKind.isValid(kind), "\"\(kind)\" is no kind of job: write 1 to 64 of a-z, 0-9, -, _ and .")
        precondition(handlers[kind] == nil, "there are two handlers for jobs of the kind \(kind)")
        precondition(timeout.map { $0 > .zero } ?? true, "jobs of the kind \(kind) need time")
        handlers[kind] = Handler(timeout: timeout, run: run)
    }
}

private struct UnreadableJob: Error, CustomStringConvertible {
    let description = "its content is none that this release can read"
}

extension Duration {
    /// Hours, as `JobHandlers.every` likes to be told.
    public static func hours(_ count: Int) -> Duration { .seconds(count * 3_600) }

    /// Minutes.
    public static func minutes(_ count: Int) -> Duration { .seconds(count * 60) }
}
