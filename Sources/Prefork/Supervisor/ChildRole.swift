import Linux

/// What a child process is for, and what follows when it ends.
struct ChildRole: Equatable, Sendable {
    /// As logs and process titles name it.
    let name: String
    let respawn: RespawnPolicy

    /// Does the service's work, as one of as many as asked for.
    static func worker(_ configuration: SupervisorConfiguration) -> ChildRole {
        ChildRole(name: configuration.workerName, respawn: .always(configuration.backoff))
    }

    /// Serves what is left in the queue when the service stops, and leaves.
    static let lastWorker = ChildRole(name: "worker", respawn: .never)
}

/// Whether a child that has ended gets a successor, and when.
enum RespawnPolicy: Equatable, Sendable {
    /// Its work is done with it.
    case never
    /// It always has a successor: at once when it had proven that it works, else after a wait that grows.
    case always(Backoff)

    /// A child that was ready this long is not in a crash loop.
    private static let provenAfter = Duration.seconds(1)

    /// What follows from an exit that nobody had asked for.
    ///
    /// - Parameter served: For how long the child was ready, `nil` when it never was.
    func successor(after exit: WorkerExit, served: Duration?) -> Successor {
        guard case .always = self else { return .none }
        guard let served else { return .afterBackoff }
        // Whoever sends a KILL from outside says nothing about the child.
        let wasKilledFromOutside = exit.status == .killed(signal: 9) && !exit.isOutOfMemory
        let isProven = served >= Self.provenAfter || exit.requests > 0 || exit.isGraceful || wasKilledFromOutside
        return isProven ? .atOnce : .afterBackoff
    }

    enum Successor: Equatable {
        case none, atOnce, afterBackoff
    }
}

/// The wait after a child that failed, which doubles with each further failure, and is spread by ±25 %.
struct Backoff: Equatable, Sendable {
    var first: Duration
    var longest: Duration
    /// How many failures in a row are enough to give up, if no child of the role ever became ready.
    var attempts: Int

    func wait(afterFailures failures: Int, random: inout SplitMix64) -> Duration {
        // Further doublings would be over any sensible limit, and over 64 bits.
        let doublings = min(max(failures, 1) - 1, 20)
        return min(first * (1 << doublings), longest) * Double.random(in: 0.75...1.25, using: &random)
    }
}
