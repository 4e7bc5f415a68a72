import Glibc
import Linux
import Synchronization

/// Copies the write-ahead log of an SQLite database into its file (a checkpoint), so that the log stays short.
///
/// SQLite's releases before 3.51.3 can lose committed writes when a commit resets the log (begins it anew) while another
/// connection checkpoints. A commit does that only under the write lock. So no connection of this module checkpoints by
/// itself, neither after a commit nor when it is closed, and a checkpointer works only while it **holds the write lock** on a
/// second connection: no commit, and therefore no reset, can happen meanwhile. A checkpointer that was killed leaves
/// nothing behind: all its locks are the kernel's and end with the process.
///
/// One that several connections of a process share (``Database/init(_:migrations:longestWait:networkFilesystem:checkpointer:)``)
/// hears after each commit how long the log is. When that is ``threshold`` pages it starts a thread, which takes a lease that
/// one checkpointer of the host can have (a lock on a file beside the database, `…-checkpoint`), checkpoints, and ends. The
/// next writer begins the log anew, unless readers are still in it; then it is tried again after as many pages.
///
/// Writers wait for as long as a checkpoint takes: 1,000 pages of 4 KB take 7 ms on the disk of a small virtual machine
/// (`Tests/Checkpointing/run --measure` tells it for yours), once in as many pages.
public final class Checkpointer: Sendable {
    /// At how many pages in the log a checkpoint is due: SQLite's own measure, 4 MB.
    public static let threshold = 1_000

    private let location: SQLiteLocation
    private let threshold: Int
    private let longestWait: Duration
    private let report: @Sendable (Result<Checkpoint, DatabaseError>) -> Void

    /// At how many pages the next attempt is due. Above the threshold after an attempt: while readers keep the log from being
    /// begun anew, or another process has the lease, there is nothing to gain from trying with each commit.
    private let due: Atomic<Int>

    /// A checkpointer for the database in a file.
    /// - Parameters:
    ///   - location: Which.
    ///   - threshold: At how many pages a checkpoint is due.
    ///   - longestWait: How long a checkpoint may wait for the write lock; after that it is left for later.
    ///   - report: Told what each checkpoint came to, on the thread that made it.
    public init(
        _ location: SQLiteLocation,
        threshold: Int = Checkpointer.threshold,
        longestWait: Duration = .seconds(5),
        report: @escaping @Sendable (Result<Checkpoint, DatabaseError>) -> Void = { _ in }
    ) {
        self.location = location
        self.threshold = threshold
        self.longestWait = longestWait
        self.report = report
        due = Atomic(threshold)
    }

    /// Checkpoints now, on the calling thread, which must have no transaction open.
    /// - Returns: `nil` when another checkpointer is at it.
    public func checkpoint() throws(DatabaseError) -> Checkpoint? {
        guard let lease = try takeLease() else { return nil }
        defer { withExtendedLifetime(lease) {} }
        let busyTimeout = BusyTimeout(longestWait: longestWait, pauses: Self.pauses)
        let lock = try SQLiteConnection.open(location, for: .serving, busyTimeout: busyTimeout)
        let copier = try SQLiteConnection.open(location, for: .serving, busyTimeout: busyTimeout)
        // Finds the log before writers have to wait for it.
        _ = try copier.integer("PRAGMA schema_version")
        try lock.beginWriting()
        let start = MonotonicInstant.now
        let (pages, copied) = try copier.checkpoint()
        lock.endTransaction()
        return Checkpoint(pages: pages, copied: copied, pause: MonotonicInstant.now - start)
    }

    /// Hears from a connection that its commit left so many pages in the log.
    func committed(pages: Int) {
        var due = due.load(ordering: .relaxed)
        // Far below where the last attempt was: the log has been begun anew since.
        if due > threshold, pages < max(threshold, due - 2 * threshold) {
            due = threshold
            self.due.store(due, ordering: .relaxed)
        }
        guard pages >= due else { return }
        // One thread of this process, however many commit at the same time.
        let next = pages + threshold
        guard self.due.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged else { return }
        do throws(SystemError) {
            try Thread.start { [self] in checkpointAndReport() }.detach()
        } catch {
            report(.failure(.failed("no thread for a checkpoint: \(error)")))
        }
    }

    private func checkpointAndReport() {
        do throws(DatabaseError) {
            if let checkpoint = try checkpoint() { report(.success(checkpoint)) }
        } catch {
            report(.failure(error))
        }
    }

    /// Microseconds between two looks at the write lock. Shorter than a writer's: there is one checkpointer, and when busy
    /// writers go before it the log gets longer.
    private static let pauses: ClosedRange<UInt32> = 50...150

    // MARK: The lease

    /// What follows the database's name in that of the lease's file. It is empty, and stays there.
    static let leaseSuffix = "-checkpoint"

    /// Without a lease the checkpointers of all workers would queue for the write lock at the same time, each to find that
    /// the one before it has done everything.
    func takeLease() throws(DatabaseError) -> FileLock? {
        // One name for all, whichever links lead to the database.
        guard let database = SystemFile.resolve(location.path) else { throw .noDatabase(at: location) }
        do throws(SystemError) {
            return try FileLock.take(try Self.openLease(of: database))
        } catch {
            throw .unavailable(
                reason: "the lease for checkpoints, \(database + Self.leaseSuffix), cannot be taken: \(error)",
                remedy: "give the service read and write access to the file and its directory"
            )
        }
    }

    private static func openLease(of database: String) throws(SystemError) -> FileDescriptor {
        let path = database + leaseSuffix
        do throws(SystemError) {
            return try FileDescriptor.open(path, O_RDWR)
        } catch {
            guard error.code == ENOENT else { throw error }
        }
        let lease = try FileDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        // Whoever may write the database may checkpoint it, also after `migrate` ran as root. SQLite does so with its log.
        lease.adopt(statusOf: database)
        return lease
    }
}
