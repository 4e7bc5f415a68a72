/// What a ``Supervisor`` is told: how many workers, and how patient to be with them.
public struct SupervisorConfiguration: Sendable {
    /// How many workers. A range with more than one value lets the number follow the load.
    public var workers: ClosedRange<Int>
    /// How many workers the limits of the service call for, when these may change while it runs: asked every few seconds, such as
    /// for ``ProcessorBudget/workers`` of ``ProcessorBudget/current``. When the answer changes the number of workers follows; until
    /// then what an operator has ordered holds. `nil`: nothing is asked.
    ///
    /// Called on the supervisor's thread: it must neither wait nor start a thread.
    public var advisedWorkers: (@Sendable () -> Int)?
    /// The most workers, whatever is ordered or advised, where something that they all need is not enough for more; and what
    /// that is, in the words of a log line. `nil`: as many as there is room for.
    public var workerLimit: (count: Int, reason: String)?
    /// How many lanes a worker has on the scoreboard: one for each of its threads that serve requests. With more than one, the
    /// first so many less one can be in handlers that wait, while the last runs the loop.
    public var lanes = 1

    /// How long a worker may take from its fork until it says that it is ready.
    public var bootTimeout: Duration = .seconds(10)
    /// How often one worker may fail to boot before the service gives up, if no worker ever became ready.
    public var bootAttempts: Int {
        get { backoff.attempts }
        set { backoff.attempts = newValue }
    }
    /// The wait after a failed boot. It doubles with each further failure, and is spread by ±25 %.
    public var firstBackoff: Duration {
        get { backoff.first }
        set { backoff.first = newValue }
    }
    /// The longest wait between two attempts to boot a worker.
    public var longestBackoff: Duration {
        get { backoff.longest }
        set { backoff.longest = newValue }
    }
    var backoff = Backoff(first: .milliseconds(200), longest: .seconds(10), attempts: 5)
    /// The most forks per second that a storm of crashes may cause. A burst of two per worker and ten more is free.
    public var forksPerSecond = 50

    /// How long a worker may take to finish its requests when it is told to leave, before it is killed.
    public var shutdownTimeout: Duration = .seconds(20)
    /// How long to go on serving after the order to stop, with ``Worker/isLast`` set, so that balancers look elsewhere.
    public var drainDelay: Duration = .zero
    /// How many workers a roll replaces at a time.
    public var rollWidth = 1

    /// How long after its deadline a request may still hold a worker before the worker is aborted. `nil`: for ever.
    public var abortDelay: Duration? = .seconds(2)
    /// The age at which a worker is replaced, spread by up to a tenth less so that workers do not leave in step. `nil`: never.
    public var maximumAge: Duration?
    /// The proportional memory (PSS) in bytes at which a worker is replaced. `nil`: never.
    public var maximumMemory: Int?

    /// What a worker is called in its process title ("panal: worker 1 generation 1"), such as `job worker`.
    public var workerName = "worker"
    /// The name that process titles start with ("panal: supervisor"), or `nil` to leave the titles alone.
    public var title: String?

    /// What the companion is called; `nil` when there is none.
    var companionName: String?

    /// How often to make the periodic report, `nil` for never.
    var reportInterval: Duration?

    /// Whether the service stops as soon as a worker is ready: it was only started to show that it can serve.
    var stopsWhenReady = false

    /// The defaults, with a number of workers or the range in which it may move.
    ///
    /// - Precondition: at least one worker, at most ``Scoreboard/largestPool``.
    public init(workers: ClosedRange<Int>) {
        precondition(
            workers.lowerBound >= 1 && workers.upperBound <= Scoreboard.largestPool,
            "workers must be between 1 and \(Scoreboard.largestPool)"
        )
        self.workers = workers
    }

    /// The defaults, with a fixed number of workers.
    public init(workers: Int) {
        self.init(workers: workers...max(workers, 1))
    }
}
