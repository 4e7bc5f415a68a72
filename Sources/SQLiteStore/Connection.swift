import CSQLite
import Glibc
import Stays
import Values

/// An open database that closes itself. It belongs to the thread that opened it and must never be carried across a fork,
/// not even to be closed there.
@safe struct Connection: ~Copyable {
    /// Whether opening may make a database where there is none.
    enum Purpose {
        case serving
        case migrating
    }

    let handle: OpaquePointer
    let location: SQLiteLocation
    let patience: Patience

    private init(handle: OpaquePointer, location: SQLiteLocation, patience: Patience) {
        unsafe self.handle = handle
        self.location = location
        self.patience = patience
    }

    static func open(
        _ location: SQLiteLocation,
        for purpose: Purpose,
        patience: Patience
    ) throws(StoreError) -> Connection {
        Self.prepareProcess
        // One thread per connection needs no mutex on each call.
        var flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        if purpose == .migrating { flags |= SQLITE_OPEN_CREATE }
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(location.path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let missing = unsafe access(location.path, F_OK) != 0 && errno == ENOENT
            let error = unsafe StoreError(code: code, on: opened, path: location.path)
            unsafe sqlite3_close_v2(opened)
            throw missing ? .noDatabase(at: location) : error
        }
        unsafe patience.attend(opened)
        let connection = unsafe Connection(handle: opened, location: location, patience: patience)
        try connection.configure()
        return connection
    }

    deinit {
        // Version 2 waits for statements that are finalized later.
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs statements that bind and return nothing.
    func execute(_ sql: String) throws(StoreError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw unsafe StoreError(code: code, on: handle, path: location.path) }
    }

    /// How many rows the last insert, update or delete touched.
    var changes: Int { unsafe Int(sqlite3_changes64(handle)) }

    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Whether the path now leads to another file or none. What is written to this connection then is lost to everyone.
    var hasMoved: Bool {
        var moved: Int32 = 0
        let code = unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved)
        return code == SQLITE_OK && moved != 0
    }

    /// Makes the write-ahead log the journal of the database, for good: readers and the writer do not wait for each other.
    func useWriteAheadLog() throws(StoreError) {
        // When several try at once, SQLite reports a deadlock in the making as busy without asking the busy handler.
        var attempt = 0
        while true {
            do throws(StoreError) {
                let mode = try Statement("PRAGMA journal_mode = WAL", on: self)
                    .first { row throws(StoreError) in try row.text(0) }
                // Where it cannot be, SQLite keeps the old journal without an error.
                guard mode == "wal" else { throw .withoutLog(location) }
                return
            } catch {
                guard case .busy = error, patience.wait(attempt: attempt) else { throw error }
                attempt += 1
            }
        }
    }

    private func configure() throws(StoreError) {
        try execute(
            """
            -- An acknowledged write survives a power loss: each commit is on the disk before it is answered. NORMAL would
            -- save that wait and lose the last commits.
            PRAGMA synchronous = FULL;
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

extension StoreError {
    fileprivate static func withoutLog(_ location: SQLiteLocation) -> StoreError {
        .unavailable(
            reason: "the file system under \(location.path) has no shared memory for SQLite's write-ahead log",
            remedy: "put the database on a local disk"
        )
    }

    static func noDatabase(at location: SQLiteLocation) -> StoreError {
        .unprepared("there is no database at \(location.path)")
    }
}
