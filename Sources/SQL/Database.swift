import Glibc
import Linux

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
/// values are always bound, never part of the text. One that changes something is, outside of ``write(isolation:_:)``, a transaction
/// of its own. What has been answered as written survives a crash of the process and of the machine.
///
/// The URL alone decides whether SQLite or PostgreSQL keeps the data. Write what both understand; where only one does, a
/// migration has a file for each (``Migration``).
public final class Database {
    /// Which database.
    public let url: DatabaseURL

    private let driver: Driver
    private let neededSchema: Int
    let busyTimeout: BusyTimeout
    private let networkFilesystem: NetworkFilesystem.Policy
    private let checkpointer: Checkpointer?
    var connection: Connection?
    private var transaction = Transaction.none
    var isInBatch = false
    var group = Group()
    /// What to do once the write of now is kept, by name.
    private var afterCommit: [String: () -> Void] = [:]
    /// Whether something was committed since somebody last asked.
    var hasCommitted = false
    /// When a read looks again whether the database is still in its place.
    private var nextLook: Int64 = 0

    /// Sees what its calls take; `nil` when nobody does.
    public var observer: (any DatabaseObserver)? {
        didSet { busyTimeout.onWait = observer.map { observer in { observer.retried() } } }
    }

    /// Called when a write is refused because this process cannot write to an SQLite database that another process could: it
    /// opened it when only reading was possible, and not all of its connections have been closed since. A new process can.
    public var onBarredFromWriting: (() -> Void)?

    private(set) lazy var beginning = DatabaseOperation("BEGIN", url.dialect)
    private(set) lazy var commitment = DatabaseOperation("COMMIT", url.dialect)

    /// Whether the write or read that failed last undid everything and may succeed when it is run again.
    private var mayRepeat = false

    private enum Driver {
        case sqlite(SQLiteLocation)
        case postgreSQL(PostgreSQLConnector)
    }

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
        driver =
            switch url.location {
            case .sqlite(let location): .sqlite(location)
            case .postgreSQL(let location): .postgreSQL(PostgreSQLConnector(location))
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

    /// Opens the database if need be and compares its schema with this release; takes a few microseconds once it is open, on
    /// PostgreSQL two round trips.
    public func readiness() -> DatabaseReadiness {
        lookAfterConnection()
        do {
            return try use { connection in
                let obstacle =
                    switch connection {
                    case .sqlite(let connection): try obstacleToWriting(on: connection)
                    case .postgreSQL(let connection): try obstacleToWriting(on: connection)
                    }
                return obstacle.map { .readable(obstacle: $0) } ?? .ready
            }
        } catch let error as DatabaseError {
            return .unready(error)
        } catch {
            return .unready(.failed(String(describing: error)))
        }
    }

    private func obstacleToWriting(on connection: SQLiteConnection) throws(DatabaseError) -> DatabaseError? {
        let version = Int(try connection.integer(SchemaHistory.newest) ?? 0)
        try SchemaHistory.requireServable(version: version, needed: neededSchema, at: connection.location.path)
        return connection.location.obstacleToWriting
    }

    private func obstacleToWriting(on connection: PostgreSQLConnection) throws(DatabaseError) -> DatabaseError? {
        try SchemaHistory.requireServable(connection, needed: neededSchema)
        let isReadOnly = "SELECT CASE current_setting('transaction_read_only') WHEN 'on' THEN 1 ELSE 0 END"
        guard try connection.integer(isReadOnly) == 1 else { return nil }
        return .readOnly("the server of \(connection.location) takes no writes: it is a standby, or was made read-only")
    }

    // MARK: Transactions

    /// Reads several things from one state of the database: what others write meanwhile is not seen. One statement alone
    /// needs no such frame. It may be run a second time, after a first attempt that failed.
    public func read<Result>(_ body: () throws -> Result) throws -> Result {
        // A transaction sees one state anyway.
        guard transaction == .none else { return try body() }
        return try repeatedly { try readOnce(body) }
    }

    private func readOnce<Result>(_ body: () throws -> Result) throws -> Result {
        lookAfterConnectionNowAndThen()
        return try use { connection in
            try connection.beginSnapshot()
            transaction = .reading
            defer { transaction = .none }
            do {
                let result = try body()
                if !isInBatch || !connection.sharesSnapshots { endTransaction() }
                return result
            } catch DatabaseError.readOnly(let detail) where isOnPostgreSQL {
                throw DatabaseError.failed("a read tried to write; put it into a `write`: \(detail)")
            } catch {
                mayRepeat = connection.mayRepeat
                throw error
            }
        }
    }

    /// Writes several things together: all of them are kept once this returns, or, when the body throws, none.
    ///
    /// What the body reads stays true until it ends: on SQLite it runs under the database's write lock, on PostgreSQL as a
    /// serializable transaction, which is run again when it met with another. Keep it short, and let it do nothing but ask
    /// the database: it may be run several times, after attempts of which nothing was kept. Inside of another `write` it
    /// joins that one.
    ///
    /// In a handler of a server that answers several requests with one commit, it is committed before the answer leaves, but not
    /// when this returns. A handler that tells others before that (a cache of the process, another connection) belongs to a
    /// route that is declared as `.blocking`.
    /// - Parameters:
    ///   - isolation: Weaker where the schema's rules alone keep what is written right, which is cheaper on
    ///     PostgreSQL.
    ///   - body: Asks the database.
    /// - Throws: What the body throws, and `DatabaseError`.
    public func write<Result>(
        isolation: Isolation = .serializable,
        _ body: () throws -> Result
    ) throws -> Result {
        switch transaction {
        case .writing: return try body()
        case .reading: throw DatabaseError.failed("a write began inside of a read; put the read into the write")
        case .none: break
        }
        if group.isActive { return try writeInGroup(body) }
        return try writably { try repeatedly { try writeOnce(isolation, body) } }
    }

    /// Tries to write, and once more on a new connection. One that was opened when only reading was possible never tries to
    /// write; that of a server which has become a standby cannot. A new one does, and the operator who mended the matter need
    /// not wait until each worker has refused once more. Nothing was changed.
    private func writably<Result>(_ body: () throws -> Result) throws -> Result {
        let wasOpen = connection != nil
        do {
            do { return try body() } catch DatabaseError.readOnly where wasOpen { return try body() }
        } catch DatabaseError.readOnly(let detail) {
            if case .sqlite(let location) = driver, location.isBarredFromWriting { onBarredFromWriting?() }
            throw DatabaseError.readOnly(detail)
        }
    }

    private func writeOnce<Result>(_ isolation: Isolation, _ body: () throws -> Result) throws -> Result {
        lookAfterConnection()
        return try use { connection in
            connection.endTransaction()
            do {
                try observing(beginning) { () throws(DatabaseError) in try connection.beginWriting(isolation) }
                let result = try writing {
                    let result = try body()
                    try observing(commitment) { () throws(DatabaseError) in try connection.commit() }
                    return result
                }
                observer?.committed(writes: 1)
                hasCommitted = true
                committed()
                return result
            } catch {
                afterCommit = [:]
                mayRepeat = connection.mayRepeat
                connection.endTransaction()
                throw error
            }
        }
    }

    /// Does something once what the write of now writes is kept: in a group that is when the group ends. What is lost of it, by
    /// a crash in between, nobody repeats, so it may only be a hint. On PostgreSQL a `NOTIFY` is a part of the transaction.
    /// - Parameter name: One of several under the same name is enough.
    package func afterCommit(_ name: String, _ action: @escaping () -> Void) {
        if isWriting { afterCommit[name] = action } else { action() }
    }

    /// The write of now, or the group, is kept.
    func committed() {
        guard !afterCommit.isEmpty else { return }
        let actions = afterCommit
        afterCommit = [:]
        for action in actions.values { action() }
    }

    /// The group is lost.
    func forgetAfterCommit() { afterCommit = [:] }

    /// What the body does belongs to the transaction that has begun.
    func writing<Result>(_ body: () throws -> Result) rethrows -> Result {
        transaction = .writing
        defer { transaction = .none }
        return try body()
    }

    var isReading: Bool { transaction == .reading }
    package var isWriting: Bool { transaction == .writing }

    /// Takes the write lock for a group.
    func beginGroupTransaction() throws {
        func begin() throws {
            lookAfterConnection()
            try use { connection in
                connection.endTransaction()
                try observing(beginning) { () throws(DatabaseError) in try connection.beginWriting(.serializable) }
            }
        }
        try writably(begin)
        group.isOpen = true
    }

    /// Whether writes of this thread are worth a group (``beginGroup()``): they commit to SQLite, and some have since this was
    /// last asked.
    package func takeHasCommitted() -> Bool {
        defer { hasCommitted = false }
        return hasCommitted && !isOnPostgreSQL
    }

    /// Lets a part of a write fail alone: when the body throws, what it wrote is undone and the write goes on. Outside of a
    /// write it is one.
    public func savepoint<Result>(_ body: () throws -> Result) throws -> Result {
        guard transaction == .writing, let connection else { return try write(body) }
        try connection.beginSavepoint()
        do {
            let result = try body()
            try connection.releaseSavepoint()
            return result
        } catch {
            try connection.rollBackToSavepoint()
            throw error
        }
    }

    /// Runs the body again after a failure that undid everything and need not happen again, for a bounded time.
    private func repeatedly<Result>(_ body: () throws -> Result) throws -> Result {
        var attempts = 1
        while true {
            mayRepeat = false
            do {
                return try body()
            } catch {
                // A rule that is broken again and again is broken by the body itself.
                if case DatabaseError.violated = error, attempts == Self.mostViolations { throw error }
                guard mayRepeat, pause(afterAttempt: attempts) else { throw error }
                attempts += 1
            }
        }
    }

    /// Waits a moment before another attempt, longer after each, so that those who met do not meet again; not when there was
    /// enough of them or the time is up.
    @usableFromInline
    func pause(afterAttempt attempt: Int) -> Bool {
        let longest = Self.shortestPause << min(attempt - 1, Self.mostDoublings)
        let pause = UInt32.random(in: 0...longest)
        let end = SuspendingClock.now.advanced(by: .microseconds(Int64(pause)))
        guard attempt < Self.mostAttempts, deadline.map({ end < $0 }) ?? true else { return false }
        observer?.retried()
        blocking { _ = usleep(pause) }
        return true
    }

    /// Of several that meet, one always gets through; so many would have to meet one after another.
    private static let mostAttempts = 40
    private static let mostViolations = 5
    /// In microseconds: a transaction takes about so long, and many waiters soon spread over 16 of them.
    private static let shortestPause: UInt32 = 1_000
    private static let mostDoublings = 4

    // MARK: Statements

    /// Hands out the statement where it belongs: in the transaction of now, or as a read or a write of its own.
    @inlinable
    func withStatement<Result>(_ sql: String, _ body: (Statement) throws -> Result) throws -> Result {
        guard let statement = try statementAtHand(sql) else {
            return try write {
                guard let statement = try statementAtHand(sql) else {
                    preconditionFailure("a write is in a transaction")
                }
                return try perform(statement, body)
            }
        }
        do {
            return try perform(statement, body)
        } catch {
            if mayRunAgain(statement, after: error) { return try withRepeatedStatement(sql, body) }
            throw error
        }
    }

    @inlinable @inline(never)
    func withRepeatedStatement<Result>(_ sql: String, _ body: (Statement) throws -> Result) throws -> Result {
        var attempts = 1
        while true {
            guard let statement = try statementAtHand(sql) else { preconditionFailure("PostgreSQL takes it as it is") }
            do {
                return try perform(statement, body)
            } catch {
                guard mayRunAgain(statement, after: error), pause(afterAttempt: attempts) else { throw error }
                attempts += 1
            }
        }
    }

    /// Recovers from a failure of this statement. Returns whether it may simply be run again: outside of a transaction, when
    /// it has had no effect and met with another's or with a schema that has changed.
    @usableFromInline
    func mayRunAgain(_ statement: Statement, after error: any Error) -> Bool {
        recover(from: error)
        guard transaction == .none, case .postgreSQL(let statement) = statement else { return false }
        return statement.mayRepeat
    }

    /// The statement, inside of a transaction or for a read alone, with the batch's snapshot if there is a batch; nil for a
    /// write on SQLite that needs a transaction of its own.
    @usableFromInline
    func statementAtHand(_ sql: String) throws(DatabaseError) -> Statement? {
        if transaction == .none { lookAfterConnectionNowAndThen() }
        do throws(DatabaseError) {
            switch try openConnection() {
            case .sqlite(let connection):
                let statement = try connection.statement(sql)
                switch transaction {
                case .writing: break
                case .reading where statement.isReadOnly: break
                case .reading: throw .failed("a read tried to write; use `write` for: \(sql)")
                case .none where !statement.isReadOnly: return nil
                case .none: if isInBatch { try connection.beginSnapshot() }
                }
                return .sqlite(statement)
            case .postgreSQL(let connection):
                return .postgreSQL(connection.statement(sql))
            }
        } catch {
            recover(from: error)
            throw error
        }
    }

    /// The statement on PostgreSQL inside of a write, where its answer can wait; nil elsewhere.
    func statementToEnqueue(_ sql: String) throws(DatabaseError) -> PostgreSQLStatement? {
        guard transaction == .writing, case .postgreSQL(let connection) = try openConnection() else { return nil }
        return connection.statement(sql)
    }

    /// Whether PostgreSQL keeps the data.
    package var isOnPostgreSQL: Bool {
        if case .postgreSQL = driver { true } else { false }
    }

    // MARK: The connection

    func openConnection() throws(DatabaseError) -> Connection {
        if let connection { return connection }
        let opened: Connection
        switch driver {
        case .sqlite(let location):
            if networkFilesystem == .refused { try NetworkFilesystem.refuse(location) }
            let connection = try SQLiteConnection.open(location, for: .serving, busyTimeout: busyTimeout)
            location.noteOpened()
            try SchemaHistory.requireServable(connection, needed: neededSchema)
            // A backup that was put back may have lost this property of the file.
            try connection.useWriteAheadLog()
            if let checkpointer { connection.notify(checkpointer) }
            opened = .sqlite(connection)
        case .postgreSQL(let connector):
            let connection = try connector.connect(busyTimeout)
            try connection.identify { () throws(DatabaseError) in
                try SchemaHistory.requireServable(connection, needed: neededSchema)
            }
            opened = .postgreSQL(connection)
        }
        connection = opened
        return opened
    }

    private func use<Result>(_ body: (Connection) throws -> Result) throws -> Result {
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
        if group.isOpen { return recoverGroup(from: error) }
        guard transaction == .none, let connection else { return }
        // An idle worker must hold no lock, whatever was interrupted where.
        if connection.survives(error as? DatabaseError) { endTransaction() } else { self.connection = nil }
    }

    private func lookAfterConnectionNowAndThen() {
        guard case .sqlite = driver else { return lookAfterConnection() }
        let now = Self.nanoseconds
        if now >= nextLook {
            nextLook = now + Self.timeBetweenLooks
            lookAfterConnection()
        }
    }

    /// The clock of `SuspendingClock` (CLOCK_MONOTONIC) as a number: to compare two of its instants would cost as much as
    /// all else that a read does before it asks SQLite.
    private static var nanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Gives a connection up that leads nowhere. In place of SQLite's file there may be another: what is written here then is
    /// lost, what is read is old. PostgreSQL's server may have ended the connection while nobody used it.
    private func lookAfterConnection() {
        guard !group.isOpen else { return }
        switch connection {
        case nil: break
        case .sqlite(let connection): if connection.hasMoved { self.connection = nil }
        case .postgreSQL(let connection): if !connection.isAlive() { self.connection = nil }
        }
    }

    /// Leaves no transaction open: one that cannot be rolled back ends with its connection.
    func endTransaction() {
        guard let connection, !group.isOpen else { return }
        connection.endTransaction()
        if connection.isInTransaction { self.connection = nil }
    }

    /// For so long reads may show a database that was replaced meanwhile; writes and probes look each time. A look costs
    /// 1.6 µs, half as much as a read by primary key itself; to ask the clock first costs 0.03.
    static let timeBetweenLooks: Int64 = 100_000_000
}
