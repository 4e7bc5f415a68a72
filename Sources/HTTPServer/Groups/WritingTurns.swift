/// Turns whose handlers write to a store, in line to be answered as a group with one commit for all of it.
///
/// A store that commits for one at a time (SQLite) waits for the disk with each commit, and everybody else with it. Requests
/// that have arrived together share that. Which routes write is learned from their handlers
/// (``RequestObserver/takeHasCommitted()``). A group is answered by one thread; the next one forms meanwhile.
struct WritingTurns {
    /// By route: whether a handler of it was seen to commit.
    private var hasCommitted: [Bool]
    private var turns: [Turn] = []
    /// Since when the first waits for the group before it, in nanoseconds of the monotonic clock.
    private var since: Int64 = 0
    /// When to look whether they have waited too long.
    private var nextLook: Int64 = 0
    /// Whether a group is in the hands of a thread without the loop.
    private(set) var isAway = false
    /// Whether requests do not wait for the group that is away any more: others outside of this process hold the store's
    /// lock, and who only thinks that it will write may be answered without it.
    private(set) var isSuspended = false

    /// A group that is away for longer than this waits for something that nobody has said: 100 ms. Where processors are
    /// busy with others, 20 are soon over, and who is answered alone then costs many times as much.
    private static let patience: Int64 = 100_000_000
    /// A disk takes its time for everybody, so it is waited for in line; but what takes longer than this is no wait for a disk
    /// that works, and whoever waits is to have the limits of all who wait (``WaitingTurns``): 1 s.
    private static let longestFlush: Int64 = 1_000_000_000
    /// The others wait in line: so long a group holds nobody up for more than some milliseconds.
    private static let mostTurns = 32

    init(routeCount: Int) {
        hasCommitted = [Bool](repeating: false, count: routeCount)
    }

    /// Whether there is a group to be answered now.
    var isDue: Bool { !turns.isEmpty && !isAway }

    /// When the wait for the group that is away may have lasted too long.
    var end: Int64? { turns.isEmpty || !isAway ? nil : nextLook }

    /// A handler of the route has committed something.
    mutating func noteCommit(_ route: Int) { if route >= 0 { hasCommitted[route] = true } }

    /// Whether a handler of the route was seen to commit.
    func commits(_ route: Int) -> Bool { route >= 0 && hasCommitted[route] }

    /// Whether requests of the route belong into a group.
    func takes(_ route: Int) -> Bool { commits(route) && !isSuspended }

    mutating func append(_ turn: Turn, now: Int64) {
        if turns.isEmpty { (since, nextLook) = (now, now + Self.patience) }
        turns.append(turn)
    }

    /// The first in line.
    var first: Turn? { turns.first }

    /// The next group. Who stays in line waits for it from now on, and not longer for the one before.
    mutating func removeGroup(now: Int64) -> [Turn] {
        let group = Array(turns.prefix(Self.mostTurns))
        turns.removeFirst(group.count)
        (since, nextLook) = (now, now + Self.patience)
        return group
    }

    /// The group that was last removed is in the hands of a thread without the loop.
    mutating func noteAway() { isAway = true }

    /// It is answered.
    mutating func noteBack() { (isAway, isSuspended) = (false, false) }

    /// Has who is in line wait for a disk for another while.
    /// - Returns: Whether it is worth that.
    mutating func waitForDisk(now: Int64) -> Bool {
        nextLook = now + Self.patience
        return now - since < Self.longestFlush
    }

    /// All that are in line.
    mutating func removeAll() -> [Turn] {
        defer { turns = [] }
        return turns
    }

    /// Ends the wait of all that are in line.
    mutating func suspend() -> [Turn] {
        isSuspended = true
        return removeAll()
    }
}
