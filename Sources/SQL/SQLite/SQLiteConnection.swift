import CSQLite
import Glibc
import Linux

/// An open SQLite database with its compiled statements, which closes itself. It belongs to the thread that opened it and
/// must never be carried across a fork, not even to be closed there. It is dropped whole when something breaks.
@safe final class SQLiteConnection {
    /// Whether opening may make a database where there is none.
    enum Purpose {
        case serving
        case migrating
        /// Nothing is written, not even the log.
        case reading
    }

    let handle: OpaquePointer
    let location: SQLiteLocation
    let busyTimeout: BusyTimeout

    private var checkpointer: Checkpointer?

    /// All compiled statements by their text.
    private var statements: [String: SQLiteStatement] = [:]

    /// The statement last used of each length of text (modulo the slots): a literal is found here by its address alone,
    /// without hashing its text. Hashing would cost a read by primary key 5 % of its instructions.
    private let recentStatements = (0..<64).map { _ in RecentStatement() }

    /// A place of its own in memory, so that to look into it needs no check whether somebody changes the others meanwhile.
    private final class RecentStatement {
        var statement: SQLiteStatement?
    }

    private let purpose: Purpose
    private let writeQueue: WriteQueue
    private let logFlush: LogFlush
    /// Whether it is this connection's turn to write.
    private var mayWrite = false
    /// Whether it has committed something that may not be on the disk yet.
    private var hasUnflushed = false

    private init(handle: OpaquePointer, location: SQLiteLocation, busyTimeout: BusyTimeout, purpose: Purpose) {
        unsafe self.handle = handle
        self.location = location
        self.busyTimeout = busyTimeout
        self.purpose = purpose
        let file = DatabaseFile(at: location)
        writeQueue = .of(file)
        logFlush = .of(file)
        busyTimeout.queue = writeQueue
    }

    static func open(
        _ location: SQLiteLocation,
        for purpose: Purpose,
        busyTimeout: BusyTimeout
    ) throws(DatabaseError) -> SQLiteConnection {
        Self.prepareProcess
        // One thread per connection needs no mutex on each call.
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        switch purpose {
        case .serving: flags |= SQLITE_OPEN_READWRITE
        case .migrating: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        case .reading: flags |= SQLITE_OPEN_READONLY
        }
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(location.path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let missing = unsafe access(location.path, F_OK) != 0 && errno == ENOENT
            let error = unsafe DatabaseError(code: code, on: opened, path: location.path)
            unsafe sqlite3_close_v2(opened)
            throw missing ? .noDatabase(at: location) : error
        }
        unsafe busyTimeout.attend(opened)
        let connection = unsafe SQLiteConnection(
            handle: opened,
            location: location,
            busyTimeout: busyTimeout,
            purpose: purpose
        )
        try connection.configure()
        connection.attendCommits()
        return connection
    }

    deinit {
        // Version 2 waits for statements that are finalized later.
        unsafe sqlite3_close_v2(handle)
        endTurn()
    }

    /// Runs statements that bind and return nothing.
    func execute(_ sql: String) throws(DatabaseError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw unsafe DatabaseError(code: code, on: handle, path: location.path) }
    }

    /// The compiled statement with this text; compiled now if it is new, kept for as long as the connection.
    func statement(_ sql: String) throws(DatabaseError) -> SQLiteStatement {
        let recent = recentStatements[sql.utf8.count & 63]
        if let statement = recent.statement, statement.sql == sql, !statement.isRunning { return statement }
        if let statement = statements[sql] {
            // Called again while its rows are being read: the inner call has a statement of its own.
            if statement.isRunning { return try SQLiteStatement(sql, on: self) }
            recent.statement = statement
            return statement
        }
        let statement = try SQLiteStatement(sql, on: self)
        // Texts that are put together from values instead of binding them would fill the memory.
        if statements.count >= Self.mostStatements {
            statements.removeAll()
            for recent in recentStatements { recent.statement = nil }
        }
        statements[sql] = statement
        recent.statement = statement
        return statement
    }

    /// The texts of all compiled statements.
    var compiledTexts: [String] { Array(statements.keys) }

    /// How many compiled statements a connection keeps: more than a service has in its source. One takes 2 to 10 KB.
    private static let mostStatements = 256

    /// The first column of the first row as text, nil when there is none.
    func text(_ sql: String) throws(DatabaseError) -> String? {
        let statement = try SQLiteStatement(sql, on: self)
        defer { statement.reset() }
        return try statement.step() ? statement.text(0) : nil
    }

    /// The first column of the first row as a number, nil when there is none.
    func integer(_ sql: String) throws(DatabaseError) -> Int64? {
        let statement = try statement(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : nil
    }

    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Whether the path now leads to another file or none. What is written to this connection then is lost to everyone.
    var hasMoved: Bool {
        var moved: Int32 = 0
        let code = unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved)
        return code == SQLITE_OK && moved != 0
    }

    /// Whether a reference leads nowhere that is judged with the commit.
    var breaksDeferredReference: Bool {
        var (broken, most): (Int32, Int32) = (0, 0)
        unsafe sqlite3_db_status(handle, SQLITE_DBSTATUS_DEFERRED_FKS, &broken, &most, 0)
        return broken != 0
    }

    /// Makes the write-ahead log the journal of the database, for good: readers and the writer do not wait for each other.
    func useWriteAheadLog() throws(DatabaseError) {
        // When several try at once, SQLite reports a deadlock in the making as busy without asking the busy handler.
        var attempt = 0
        while true {
            do throws(DatabaseError) {
                let mode = try text("PRAGMA journal_mode = WAL")
                // Where it cannot be, SQLite keeps the old journal without an error.
                guard mode == "wal" else { throw .withoutLog(location) }
                return
            } catch {
                guard case .busy = error, busyTimeout.wait(attempt: attempt) else { throw error }
                attempt += 1
            }
        }
    }

    /// Takes the write lock at once. A transaction that first reads and then wants to write could not wait for the lock:
    /// what it has read may be outdated by then.
    func beginWriting() throws(DatabaseError) {
        if !mayWrite {
            guard writeQueue.enter(until: busyTimeout.lockDeadline) else { throw .busy(retryAfter: .seconds(1)) }
            mayWrite = true
        }
        do throws(DatabaseError) { try control("BEGIN IMMEDIATE") } catch {
            endTurn()
            throw error
        }
    }

    private func endTurn() {
        guard mayWrite else { return }
        mayWrite = false
        writeQueue.leave()
    }

    /// Lets the reads from now on see one state of the database, which the first of them takes. That costs two system calls
    /// for a lock, and giving it back another: more than a read by primary key itself.
    func beginSnapshot() throws(DatabaseError) {
        if !isInTransaction { try control("BEGIN") }
    }

    /// Gives the lock back, and returns when what was written is on the disk: others may see it a moment earlier.
    ///
    /// SQLite would have the lock held meanwhile (`synchronous = FULL`), so that each commit waits for a write of its own.
    /// Nothing else is different: what was acknowledged is on the disk, and a crash before that leaves the log without its end.
    func commit() throws(DatabaseError) {
        try control("COMMIT")
        endTurn()
        guard purpose == .serving, hasUnflushed else { return }
        let code = blocking(for: .flush) { logFlush.wait { unsafe csqlite_flush_journal(handle) } }
        guard code == SQLITE_OK else { throw unsafe DatabaseError(code: code, on: nil, path: location.path) }
        hasUnflushed = false
    }

    /// Begins a part of the transaction that can fail alone.
    func beginSavepoint() throws(DatabaseError) { try control("SAVEPOINT panal") }

    /// Keeps what was done since.
    func releaseSavepoint() throws(DatabaseError) { try control("RELEASE panal") }

    /// Undoes what was done since.
    func rollBackToSavepoint() throws(DatabaseError) {
        try control("ROLLBACK TO panal")
        try control("RELEASE panal")
    }

    /// Undoes what was not committed and gives every lock back: the next read sees what is there then. Where that fails
    /// `isInTransaction` stays true, and closing the connection ends what nothing else could.
    func endTransaction() {
        // Some errors have rolled back already, and there may have been nothing.
        if isInTransaction { try? control("ROLLBACK") }
        if !isInTransaction { endTurn() }
    }

    /// Tells a checkpointer after each commit how long the write-ahead log is.
    func notify(_ checkpointer: Checkpointer) { self.checkpointer = checkpointer }

    /// Hears of each commit that has written something.
    private func attendCommits() {
        _ = unsafe sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                if let context = unsafe context {
                    unsafe Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue().committed(
                        pages: Int(pages)
                    )
                }
                return SQLITE_OK
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    private func committed(pages: Int) {
        hasUnflushed = true
        checkpointer?.committed(pages: pages)
    }

    /// Copies the write-ahead log into the database's file as far as readers allow, without waiting. Another connection has
    /// to hold the write lock: ``Checkpointer`` tells why.
    /// - Returns: How many pages are in the log, and how many of them are in the file now.
    func checkpoint() throws(DatabaseError) -> (pages: Int, copied: Int) {
        var (pages, copied): (Int32, Int32) = (0, 0)
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &copied)
        guard code == SQLITE_OK else { throw unsafe DatabaseError(code: code, on: handle, path: location.path) }
        return (Int(pages), Int(copied))
    }

    /// Runs a statement that begins or ends a transaction.
    private func control(_ sql: String) throws(DatabaseError) {
        let statement = try statement(sql)
        try busyTimeout.uninterrupted { () throws(DatabaseError) in
            defer { statement.reset() }
            while try statement.step() {}
        }
    }

    private func configure() throws(DatabaseError) {
        _ = unsafe csqlite_leave_log_on_close(handle)
        try execute(
            """
            -- A connection that checkpoints by itself can lose what others commit: only a Checkpointer does it.
            PRAGMA wal_autocheckpoint = 0;
            -- An acknowledged write survives a power loss: each commit is on the disk before it is answered. With NORMAL
            -- SQLite leaves that to `commit()`, and orders the writes of a checkpoint as ever.
            PRAGMA synchronous = \(purpose == .serving ? "NORMAL" : "FULL");
            PRAGMA foreign_keys = ON;
            -- Not mapped into memory: a failing disk or a truncated file would then kill the worker (SIGBUS) instead of
            -- failing one request, and hot reads are no faster for it.
            PRAGMA mmap_size = 0;
            -- In KiB, for each worker: the upper levels of the trees and the hot rows. The kernel caches the file itself,
            -- once for all workers; eight times as much here saved 5 % of random reads in a database of 200,000 bookings.
            PRAGMA cache_size = -256;
            -- A log that a slow reader let grow is cut to this again.
            PRAGMA journal_size_limit = 16777216;
            -- Small sorts need no file.
            PRAGMA temp_store = MEMORY;
            -- The schema may not call functions with side effects, whoever wrote it.
            PRAGMA trusted_schema = OFF;
            """
        )
    }

    /// Counting every allocation takes a lock that all connections of the process share.
    private static let prepareProcess: Void = {
        _ = csqlite_set_memory_statistics(0)
    }()
}

extension DatabaseError {
    fileprivate static func withoutLog(_ location: SQLiteLocation) -> DatabaseError {
        .unavailable(
            reason: "the file system under \(location.path) has no shared memory for SQLite's write-ahead log",
            remedy: "put the database on a local disk"
        )
    }

    static func noDatabase(at location: SQLiteLocation) -> DatabaseError {
        .unprepared("there is no database at \(location.path)")
    }
}
