/// How `work` runs jobs; for services with a database.
public struct WorkSettings: SettingsGroup {
    /// Reads it.
    public init() {}

    /// How many job workers.
    @Setting(
        "WORK_CONCURRENCY",
        default: "auto",
        "Processes that run jobs (`work`): `2`, a range that follows the load such as `1-4`, or `auto`, as for `WEB_CONCURRENCY`.",
        SettingFormat("a number from 1 to \(WorkerCount.limit), a range such as 2-8, or auto") { WorkerCount($0) }
    )
    public var workers: WorkerCount

    /// How many jobs each runs at the same time.
    @Setting(
        "WORK_THREADS",
        default: "4",
        "Jobs that such a process runs at the same time, each on a thread with a connection of its own; `auto` is 16, less where the database has too few connections.",
        SettingFormat("a number from 1 to \(ThreadCount.limit), or auto") { ThreadCount($0) }
    )
    public var threads: ThreadCount

    /// How long one job may run.
    @Setting(
        "WORK_TIMEOUT",
        default: "60s",
        "How long one job may run whose handler says nothing else; a process that is still in it two seconds later is aborted.",
        .duration(atLeast: .milliseconds(100))
    )
    public var timeout: Duration

    /// How long a lease lasts.
    @Setting(
        "WORK_LEASE",
        default: "30s",
        "How long a job waits for another worker when its own has died; while it runs its lease is renewed.",
        .duration(atLeast: .seconds(1))
    )
    public var leaseTime: Duration

    /// The TCP port of its ops process; `nil` for none.
    @Setting(
        "WORK_OPS_PORT",
        default: "",
        "As `OPS_PORT`, for the processes that run jobs (`work`), which share an environment with those that serve.",
        .optionalPort,
        show: { $0.map { "\($0)" } ?? "none" }
    )
    public var opsPort: UInt16?
}
