import Glibc

/// One thread's connection to a database.
///
/// Make one per thread, after the fork. The database is opened by the first call, and again after a failure, so a worker
/// that starts before the database exists begins to answer once it does. It never creates one: ``Migrator`` does.
///
/// ```swift
/// let database = Database(url, migrations: Migrations.all)
/// let rooms = try database.all("SELECT id, name FROM room WHERE capacity >= :guests", ["guests": 2], as: Room.self)
/// try database.write {
///     try database.run("UPDATE account SET cents = cents - :cents WHERE id = :id", ["id": from, "cents": 500])
///     try database.run("UPDATE account SET cents = cents + :cents WHERE id = :id", ["id": to, "cents": 500])
/// }
/// ```
///
/// Statements are compiled once and kept by their text, so write each as one literal, with `:name` where a value goes:
/// values are always bound, never part of the text. One that changes something is, outside of ``write(_:)``, a transaction
/// of its own. What has been answered as written survives a crash of the process and of the machine.
public final class Database {
    /// Which database.
    public let url: DatabaseURL

    private let location: SQLiteLocation
    private let neededSchema: Int
    private let busyTimeout: BusyTimeout
    private let networkFilesystem: NetworkFilesystem.Policy
    private let checkpointer: Checkpointer?
    private var connection: SQLiteConnection?
    private var transaction = Transaction.none
    private var isInBatch = false
    /// When a read looks again whether the database is still in its place.
    private var nextLook: Int64 = 0

    /// What the calls of now belong to.
    private enum Transaction {
        case none
        case reading
        case writing
    }

    /// A database that is not open yet.
    /// - Parameters:
    ///   - url: Which.
    ///   - migrations: What it must have been through before it is used; a database of a newer release is used too.
    ///   - longestWait: How long a write waits for other writers when `deadline` does not end it sooner.
    ///   - networkFilesystem: Whether to open a database on a network file system.
    ///   - checkpointer: Keeps the database's write-ahead log short; one for all threads of a process. Without one, something
    ///     else has to: the log of an SQLite database grows with each write.
    public init(
        _ url: DatabaseURL,
        migrations: [Migration] = [],
        longestWait: Duration = .seconds(5),
        networkFilesystem: NetworkFilesystem.Policy = .refused,
        checkpointer: Checkpointer? = nil
    ) {
        self.url = url
        self.checkpointer = checkpointer
        switch url.location {
        case .sqlite(let location): self.location = location
        }
        neededSchema = migrations.last?.number ?? 0
        self.networkFilesystem = networkFilesystem
        busyTimeout = BusyTimeout(longestWait: longestWait)
    }

    /// Until when calls may wait for other writers, and queries may run; nil for `longestWait` and no limit. A call that is
    /// still waiting then throws `DatabaseError.busy`; one that has written completes.
    public var deadline: SuspendingClock.Instant? {
        get { busyTimeout.deadline }
        set { busyTimeout.deadline = newValue }
    }

    /// Opens the database now instead of with the first call.
    public func open() throws(DatabaseError) {
        _ = try openConnection()
    }

    /// Closes the database; the next call opens it again.
    func close() { connection = nil }

    /// Opens the database if need be and compares its schema with this release; takes a few microseconds once it is open.
    public func readiness() -> DatabaseReadiness {
        leaveMovedDatabase()
        do {
            try use { connection in
                let version = Int(try connection.integer(SchemaHistory.newest) ?? 0)
                try SchemaHistory.requireServable(version: version, needed: neededSchema, at: location)
            }
            return location.obstacleToWriting.map { .readable(obstacle: $0) } ?? .ready
        } catch let error as DatabaseError {
            return .unready(error)
        } catch {
            return .unready(.failed(String(describing: error)))
        }
    }

    // MARK: Transactions

    /// Reads several things from one state of the database: what others write meanwhile is not seen. One statement alone
    /// needs no such frame.
    public func read<Result>(_ body: () throws -> Result) throws -> Result {
        // A transaction sees one state anyway.
        guard transaction == .none else { return try body() }
        leaveMovedDatabaseNowAndThen()
        return try use { connection in
            try connection.beginSnapshot()
            transaction = .reading
            defer { transaction = .none }
            let result = try body()
            if !isInBatch { endTransaction() }
            return result
        }
    }

    /// Writes several things together: all of them are kept once this returns, or, when the body throws, none.
    ///
    /// The body runs under the database's write lock, so what it reads stays true until it ends; keep it short. Inside of
    /// another `write` it joins that one. It may be run a second time, after a first attempt that could write nothing.
    /// - Throws: What the body throws, and `DatabaseError`.
    public func write<Result>(_ body: () throws -> Result) throws -> Result {
        switch transaction {
        case .writing: return try body()
        case .reading: throw DatabaseError.failed("a write began inside of a read; put the read into the write")
        case .none: break
        }
        let wasOpen = connection != nil
        do {
            return try writeOnce(body)
        } catch DatabaseError.readOnly where wasOpen {
            // A connection that was opened when only reading was possible never tries to write. A new one does, and the
            // operator who mended the matter need not wait until each worker has refused once more. Nothing was changed.
            return try writeOnce(body)
        }
    }

    private func writeOnce<Result>(_ body: () throws -> Result) throws -> Result {
        leaveMovedDatabase()
        return try use { connection in
            connection.endTransaction()
            do {
                try connection.beginWriting()
                transaction = .writing
                defer { transaction = .none }
                let result = try body()
                try connection.commit()
                return result
            } catch {
                connection.endTransaction()
                throw error
            }
        }
    }

    /// The calls from here to ``endBatch()`` serve requests that have all been received: their reads share one snapshot,
    /// taken with the first of them, and taken anew after each write.
    public func beginBatch() { isInBatch = true }

    /// Ends the snapshot, so that no idle worker keeps the write-ahead log from being cut. Without one, or twice, it does
    /// nothing.
    public func endBatch() {
        isInBatch = false
        endTransaction()
    }

    // MARK: Statements

    /// Hands out the compiled statement where it belongs: in the transaction of now, or as a read or a write of its own.
    @inlinable
    func withStatement<Result>(_ sql: String, _ body: (SQLiteStatement) throws -> Result) throws -> Result {
        guard let statement = try statementAtHand(sql) else {
            return try write {
                guard let statement = try statementAtHand(sql) else {
                    preconditionFailure("a write is in a transaction")
                }
                return try body(statement)
            }
        }
        do {
            return try body(statement)
        } catch {
            recover(from: error)
            throw error
        }
    }

    /// The compiled statement, inside of a transaction or for a read alone, with the batch's snapshot if there is a batch;
    /// nil for a write that needs a transaction of its own.
    @usableFromInline
    func statementAtHand(_ sql: String) throws(DatabaseError) -> SQLiteStatement? {
        if transaction == .none { leaveMovedDatabaseNowAndThen() }
        do throws(DatabaseError) {
            let connection = try openConnection()
            let statement = try connection.statement(sql)
            switch transaction {
            case .writing: break
            case .reading where statement.isReadOnly: break
            case .reading: throw .failed("a read tried to write; use `write` for: \(sql)")
            case .none where !statement.isReadOnly: return nil
            case .none: if isInBatch { try connection.beginSnapshot() }
            }
            return statement
        } catch {
            recover(from: error)
            throw error
        }
    }

    /// How many rows the last insert, update or delete touched.
    @usableFromInline var changes: Int { connection?.changes ?? 0 }

    // MARK: The connection

    func openConnection() throws(DatabaseError) -> SQLiteConnection {
        if let connection { return connection }
        if networkFilesystem == .refused { try NetworkFilesystem.refuse(location) }
        let opened = try SQLiteConnection.open(location, for: .serving, busyTimeout: busyTimeout)
        try SchemaHistory.requireServable(opened, needed: neededSchema)
        // A backup that was put back may have lost this property of the file.
        try opened.useWriteAheadLog()
        if let checkpointer { opened.notify(checkpointer) }
        connection = opened
        return opened
    }

    private func use<Result>(_ body: (SQLiteConnection) throws -> Result) throws -> Result {
        let connection = try openConnection()
        do {
            return try body(connection)
        } catch {
            recover(from: error)
            throw error
        }
    }

    /// After a failure: a transaction's outermost call sees to it, when all is over.
    @usableFromInline
    func recover(from error: any Error) {
        guard transaction == .none else { return }
        switch error as? DatabaseError {
        // An idle worker must hold no lock, whatever was interrupted where.
        case nil, .busy, .full, .violated: endTransaction()
        // Whatever broke may be repaired by now: the next call opens the database anew.
        case .unprepared, .unavailable, .readOnly, .corrupted, .failed: connection = nil
        }
    }

    private func leaveMovedDatabaseNowAndThen() {
        let now = Self.nanoseconds
        if now >= nextLook {
            nextLook = now + Self.timeBetweenLooks
            leaveMovedDatabase()
        }
    }

    /// The clock of `SuspendingClock` (CLOCK_MONOTONIC) as a number: to compare two of its instants would cost as much as
    /// all else that a read does before it asks SQLite.
    private static var nanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Someone may have put another database in this one's place: what is written here then is lost, what is read is old.
    private func leaveMovedDatabase() {
        if let connection, connection.hasMoved { self.connection = nil }
    }

    /// Leaves no transaction open: one that cannot be rolled back ends with its connection.
    private func endTransaction() {
        guard let connection else { return }
        connection.endTransaction()
        if connection.isInTransaction { self.connection = nil }
    }

    /// For so long reads may show a database that was replaced meanwhile; writes and probes look each time. A look costs
    /// 1.6 µs, half as much as a read by primary key itself; to ask the clock first costs 0.03.
    static let timeBetweenLooks: Int64 = 100_000_000
}
