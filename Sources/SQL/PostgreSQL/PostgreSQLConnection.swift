import Linux

/// A connection to a PostgreSQL server with its prepared statements, which closes itself. It belongs to the thread that
/// opened it and must never be carried across a fork. It is dropped whole when it breaks.
///
/// What is to be run is written into libpq's buffer (PostgreSQL, "Pipeline Mode") and goes out, with all before it, when
/// somebody waits for an answer: a transaction's BEGIN with its first statement, its COMMIT with the last changes. After an
/// error the server skips what was sent behind it, the COMMIT too.
@safe final class PostgreSQLConnection {
    let location: PostgreSQLLocation
    let limits: BusyTimeout

    private let libpq: LibpqConnection
    private let pipeline: PostgreSQLPipeline

    /// All statements by their text.
    private var statements: [String: PostgreSQLStatement] = [:]

    /// What begins the transaction, until its first statement takes it along.
    private var beginning: [String] = []

    /// What a transaction failed with: all it can do then is to end.
    private var transactionFailure: DatabaseError?

    /// Whether a transaction is open that the server knows of.
    private(set) var isInTransaction = false

    /// Whether it can be used no more: the next call opens another.
    private(set) var isBroken = false

    /// Whether the last failure undid everything and may not happen again: a conflict with another transaction, or a
    /// connection that was lost before anything was to be kept.
    private(set) var mayRepeat = false
    /// That of the write of now.
    private var isolation = Isolation.serializable

    /// Whether a pooler stands between: what follows may be run on another connection of the server than what came before,
    /// unless both belong to one transaction. It counts as one until ``identify()`` knows better.
    private(set) var isPooled = true

    /// How often an answer was waited for.
    private(set) var roundTrips = 0

    /// Takes an open connection over.
    init(handle: OpaquePointer, location: PostgreSQLLocation, limits: BusyTimeout) throws(DatabaseError) {
        libpq = unsafe LibpqConnection(handle: handle, location: location)
        pipeline = PostgreSQLPipeline(on: libpq)
        self.location = location
        self.limits = limits
        guard libpq.prepare() else { throw lost() }
    }

    // MARK: Statements

    /// The statement with this text, kept for as long as the connection.
    func statement(_ sql: String) -> PostgreSQLStatement {
        if let statement = statements[sql] {
            // Called again while its rows are being read: the inner call has an answer of its own.
            guard statement.isRunning else { return statement }
            return PostgreSQLStatement(sql, prepared: statement.prepared, on: self)
        }
        // Texts that are put together from values instead of binding them would fill the server's memory.
        if statements.count >= Self.mostStatements {
            statements.removeAll()
            pipeline.send(command: "DEALLOCATE ALL")
        }
        let statement = PostgreSQLStatement(sql, on: self)
        statements[sql] = statement
        return statement
    }

    /// Finds out whether a pooler stands between, along with what `next` asks: a pooler makes up its own names for what is to
    /// be cancelled, because its clients share the server's processes.
    ///
    /// What the server prepares belongs to one of its connections, so behind a pooler each statement is sent whole.
    func identify(along next: () throws(DatabaseError) -> Void) throws(DatabaseError) {
        let process = statement("SELECT pg_backend_pid()")
        defer { process.reset() }
        try process.send()
        try next()
        guard try process.step() else { return }
        isPooled = process.integer(0) != libpq.backend
    }

    /// How many statements a connection keeps: more than a service has in its source.
    private static let mostStatements = 256

    /// Sends a statement with its values, behind what begins the transaction if it is the first.
    func send(_ statement: PostgreSQLStatement, isAwaited: Bool) throws(DatabaseError) {
        try requireUsable()
        sendBeginning()
        guard pipeline.send(statement, isPrepared: !isPooled, isAwaited: isAwaited) else { throw lost() }
    }

    /// In a transaction that has failed, or on a connection that broke under it, nothing can be run any more.
    private func requireUsable() throws(DatabaseError) {
        if let transactionFailure { throw transactionFailure }
        if isBroken { throw lost() }
    }

    private func sendBeginning() {
        guard !beginning.isEmpty else { return }
        for sql in beginning { pipeline.send(command: sql) }
        beginning = []
        isInTransaction = true
    }

    // MARK: Transactions

    /// Lets the reads from now on see one state of the database.
    func beginSnapshot() {
        isolation = .serializable
        begin(["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"])
    }

    /// Begins a transaction that may write. In a serializable one what was read stays true until it ends, as under a write
    /// lock: others go on, and who would have broken that fails with a serialization failure (PostgreSQL, "Serializable
    /// Isolation Level").
    func beginWriting(_ isolation: Isolation) {
        var commands: [String]
        switch isolation {
        case .serializable: commands = ["BEGIN ISOLATION LEVEL SERIALIZABLE"]
        case .readCommitted: commands = ["BEGIN ISOLATION LEVEL READ COMMITTED"]
        }
        self.isolation = isolation
        // With a deadline the wait for a lock ends with it.
        if limits.deadline == nil {
            commands.append("SET LOCAL lock_timeout = \(max(1, limits.longestWait.milliseconds))")
        }
        begin(commands)
    }

    func begin(_ commands: [String]) {
        beginning = commands
        transactionFailure = nil
        mayRepeat = false
    }

    /// Has the server keep what was written.
    /// - Throws: `DatabaseError.unknownOutcome` when the connection was lost meanwhile.
    func commit() throws(DatabaseError) {
        guard beginning.isEmpty else {
            beginning = []
            return
        }
        try requireUsable()
        pipeline.sendCommit()
        try collect()
        isolation = .serializable
    }

    /// Undoes what was not committed. It is not waited for: the next use of the connection does.
    func endTransaction() {
        isolation = .serializable
        beginning = []
        transactionFailure = nil
        guard isInTransaction, !isBroken else { return }
        // A failure of what was sent before must not make the server skip this.
        pipeline.sync()
        pipeline.send(command: "ROLLBACK")
        pipeline.sync()
        isInTransaction = false
        // What does not fit into the socket's buffer at once would keep the transaction open.
        guard libpq.flush() != .nothing else { return }
        try? collect()
    }

    /// Begins a part of the transaction that can fail alone.
    func beginSavepoint() throws(DatabaseError) {
        try requireUsable()
        sendBeginning()
        pipeline.send(command: "SAVEPOINT panal")
    }

    /// Keeps what was done since, once it is certain that nothing of it has failed.
    func releaseSavepoint() throws(DatabaseError) {
        try requireUsable()
        pipeline.send(command: "RELEASE panal")
        try collect()
    }

    /// Undoes what was done since.
    func rollBackToSavepoint() throws(DatabaseError) {
        guard !isBroken else { throw transactionFailure ?? lost() }
        // A failure of what was sent before must not make the server skip this. It is known already, or undone.
        pipeline.sync()
        try? collect()
        // A conflict with another transaction is not undone by undoing a part.
        if mayRepeat, let transactionFailure { throw transactionFailure }
        transactionFailure = nil
        pipeline.send(command: "ROLLBACK TO panal")
        pipeline.send(command: "RELEASE panal")
        try collect()
    }

    // MARK: Answers

    /// Whether the connection is still there; takes what the server said unasked.
    func isAlive() -> Bool {
        if !isBroken, !pipeline.isEmpty { try? collect() }
        var looks = 0
        while !isBroken, libpq.wait(nanoseconds: 0) {
            looks += 1
            // The first reading may only bring the server's farewell, the next the end.
            let isRead = libpq.consumeInput()
            _ = libpq.isBusy
            isBroken = !isRead || libpq.isBad || looks > Self.mostLooks
        }
        return !isBroken
    }

    private static let mostLooks = 16

    /// Sends what was written and waits for all answers.
    /// - Throws: The first failure among them.
    func collect() throws(DatabaseError) {
        roundTrips += 1
        if transactionFailure == nil { mayRepeat = false }
        var wait = PostgreSQLWait(until: limits.deadline)
        let warningsBefore = libpq.warningCount
        let answers: PostgreSQLPipeline.Answers
        do throws(PostgreSQLPipeline.Breakdown) {
            answers = try pipeline.answers(&wait)
        } catch {
            throw giveUp(after: error, wait)
        }
        // A pooler that was not recognised: its other connection does not know the statement, or knows it already.
        if answers.isForeign { isPooled = true }
        isInTransaction = libpq.isInTransaction
        // A cancellation that came too late may hit whatever runs next.
        if wait.isCancelled, answers.failure?.isCancellation != true || wait.cancellations != 1 { isBroken = true }
        if let failure = answers.failure {
            if isInTransaction { transactionFailure = failure.error }
            mayRepeat = failure.isRepeatable(in: isolation)
            if failure.isOfOldSchema {
                isBroken = true
                mayRepeat = true
            }
            throw failure.error
        }
        switch answers.commit {
        case .none: break
        // The server answers a COMMIT of what had failed with ROLLBACK.
        case .undone: throw .failed("a write failed before it was committed; nothing of it was kept")
        case .kept:
            // It was kept here, but the server was told not to wait until its standby has it too.
            if wait.isCancelled, libpq.warningCount != warningsBefore { throw .unsettled(location) }
        }
    }

    /// The connection is of no use after this. Nobody knows what became of a COMMIT that was under way.
    private func giveUp(after breakdown: PostgreSQLPipeline.Breakdown, _ wait: PostgreSQLWait) -> DatabaseError {
        isBroken = true
        guard case .lost(let error) = breakdown else { return breakdown.error }
        let isCommitting = pipeline.isCommitting(inTransaction: isInTransaction)
        mayRepeat = isInTransaction && !isCommitting && !wait.isCancelled
        let outcome = isCommitting ? .unsettled(location) : error
        transactionFailure = outcome
        isInTransaction = false
        pipeline.forget()
        return outcome
    }

    private func lost() -> DatabaseError {
        isBroken = true
        return libpq.loss
    }

    // MARK: Notifications

    /// What it listens to.
    private var channels: Set<String> = []

    /// Listens to a channel (PostgreSQL, "LISTEN"), if it does not yet.
    /// - Returns: Whether notifications come: a pooler's clients share the server's connections, and none gets what is meant for
    ///   it.
    func listen(to channel: String) throws(DatabaseError) -> Bool {
        guard !isPooled else { return false }
        guard !channels.contains(channel) else { return true }
        let statement = statement("LISTEN \(channel)")
        defer { statement.reset() }
        _ = try statement.step()
        channels.insert(channel)
        return true
    }

    /// What can be read when a notification has come, or the connection's end.
    var socket: CInt { libpq.socket }

    /// Whether a notification has come since this was last asked.
    func takeNotifications() -> Bool {
        _ = isAlive()
        return libpq.takeNotifications()
    }

    // MARK: For whoever works below statements

    /// Runs statements that bind and return nothing, in the transaction of now if there is one.
    func execute(_ sql: String) throws(DatabaseError) {
        try requireUsable()
        sendBeginning()
        try collect()
        libpq.exitPipeline()
        defer {
            if !libpq.enterPipeline() { isBroken = true }
            isInTransaction = libpq.isInTransaction
        }
        guard libpq.send(script: sql) else { throw lost() }
        var first: PostgreSQLFailure?
        var wait = PostgreSQLWait(until: limits.deadline)
        while true {
            do throws(DatabaseError) {
                try wait.forAnswer(from: libpq)
            } catch {
                isBroken = true
                throw error
            }
            guard let result = libpq.nextResult() else { break }
            guard result.status == .failure, first == nil else { continue }
            first = PostgreSQLFailure(result, of: "", on: libpq)
        }
        guard let first else { return }
        if first.isLoss { isBroken = true }
        if first.isForeign { isPooled = true }
        throw first.error
    }

    /// The first column of the first row as a number, nil when there is none.
    func integer(_ sql: String) throws(DatabaseError) -> Int64? {
        let statement = statement(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : nil
    }
}

extension DatabaseError {
    static func unsettled(_ location: PostgreSQLLocation) -> DatabaseError {
        .unknownOutcome("the connection to \(location) was lost while a write was being committed")
    }
}
