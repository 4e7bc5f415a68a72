internal import CSQLite
import Glibc
import Linux

/// How long a connection waits for locks that others hold, and when a running query must give up.
///
/// SQLite calls it back, so it is an object with an address. It belongs to the thread of its connection.
final class BusyTimeout {
    /// Until when the calls of now may take; nil for as long as `longestWait`.
    var deadline: SuspendingClock.Instant?

    /// How long to wait for one lock when nothing else limits it.
    let longestWait: Duration

    /// Since when whoever asks for the lock now has waited for it; nil when the wait has yet to begin.
    var waitsSince: SuspendingClock.Instant?

    /// Where other threads of this process wait for the same lock.
    var queue: WriteQueue?

    /// Told of each wait.
    var onWait: (() -> Void)?

    /// When the wait for the lock of now ends.
    private var end = SuspendingClock.now

    /// For how many microseconds it sleeps between two looks at a lock, at random.
    private let pauses: ClosedRange<UInt32>

    init(longestWait: Duration, pauses: ClosedRange<UInt32> = BusyTimeout.pauses) {
        self.longestWait = longestWait
        self.pauses = pauses
    }

    /// Until when a wait for a lock that begins now may last.
    var lockDeadline: MonotonicInstant {
        .now + SuspendingClock.now.duration(to: waitEnd(from: .now))
    }

    private func waitEnd(from now: SuspendingClock.Instant) -> SuspendingClock.Instant {
        let end = (waitsSince ?? now).advanced(by: longestWait)
        return deadline.map { min(end, $0) } ?? end
    }

    /// Waits a moment for a lock, unless the time is over: then the caller must give up.
    /// - Parameter attempt: How often it already waited for this lock.
    func wait(attempt: Int) -> Bool {
        let now = SuspendingClock.now
        if attempt == 0 { end = waitEnd(from: now) }
        guard now < end else { return false }
        onWait?()
        let left = now.duration(to: end).components
        let microseconds = left.seconds >= 1 ? pauses.upperBound : UInt32(left.attoseconds / 1_000_000_000_000)
        let pause = min(microseconds, UInt32.random(in: pauses))
        // The first pause is short, and a write of another process most often shorter.
        if attempt == 0 {
            waitShortly { _ = usleep(min(pause, pauses.lowerBound)) }
        } else if let queue {
            queue.waitLong { _ = usleep(pause) }
        } else {
            blocking(for: .writeLock) { _ = usleep(pause) }
        }
        return true
    }

    /// Begins or ends a transaction, which no deadline interrupts: SQLite also asks when the statement has done its work,
    /// and who was told then that the time is up would take for undone what is done. How long it waits for a lock is
    /// another question, which `wait(attempt:)` answers as always.
    func uninterrupted<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let wasUninterruptible = isUninterruptible
        isUninterruptible = true
        defer { isUninterruptible = wasUninterruptible }
        return try body()
    }

    private var isUninterruptible = false

    private var deadlineExpired: Bool {
        guard let deadline, !isUninterruptible else { return false }
        return deadline <= SuspendingClock.now
    }

    /// A commit takes about a millisecond, so that is how often to look again. Pauses do not grow with the attempts: they
    /// would let newcomers overtake those who have waited longest. They differ so that waiters do not march in step.
    static let pauses: ClosedRange<UInt32> = 500...1_500

    /// How many steps of SQLite's virtual machine pass between two looks at the clock: some hundred microseconds.
    static let stepsBetweenLooks: Int32 = 10_000

    /// Lets the connection ask. It must not outlive this object.
    func attend(_ connection: OpaquePointer, stepsBetweenLooks: Int32 = BusyTimeout.stepsBetweenLooks) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe sqlite3_busy_handler(
            connection,
            { context, attempt in
                guard let context = unsafe context else { return 0 }
                return unsafe Unmanaged<BusyTimeout>.fromOpaque(context).takeUnretainedValue()
                    .wait(attempt: Int(attempt)) ? 1 : 0
            },
            context
        )
        unsafe sqlite3_progress_handler(
            connection,
            stepsBetweenLooks,
            { context in
                guard let context = unsafe context else { return 0 }
                return unsafe Unmanaged<BusyTimeout>.fromOpaque(context).takeUnretainedValue().deadlineExpired ? 1 : 0
            },
            context
        )
    }
}
