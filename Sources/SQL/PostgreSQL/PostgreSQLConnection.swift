import CPostgreSQL
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

    private let handle: OpaquePointer
    private let warnings: UnsafeMutablePointer<CInt>

    /// All statements by their text.
    private var statements: [String: PostgreSQLStatement] = [:]

    /// What was sent and not yet answered, in order, and how many of it have been answered.
    private var sent: [Sent] = []
    private var answered = 0

    /// Whether something was sent since the last point to which the server answers without being asked for more.
    private var needsSync = false

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
    /// States after which the transaction of now, or a statement alone, may be run again.
    private var repeatable = PostgreSQLConnection.repeatable

    /// Whether a pooler stands between: what follows may be run on another connection of the server than what came before,
    /// unless both belong to one transaction. It counts as one until ``identify()`` knows better.
    private(set) var isPooled = true

    /// How often an answer was waited for.
    private(set) var roundTrips = 0

    private enum Sent {
        case preparation(PostgreSQLStatement)
        /// Somebody reads its answer.
        case awaited(PostgreSQLStatement)
        case enqueued(PostgreSQLStatement)
        case command
        case commit
        case sync
    }

    private struct Failure {
        let error: DatabaseError
        let state: String
    }

    /// Takes an open connection over.
    init(handle: OpaquePointer, location: PostgreSQLLocation, limits: BusyTimeout) throws(DatabaseError) {
        unsafe self.handle = handle
        unsafe warnings = .allocate(capacity: 1)
        unsafe warnings.initialize(to: 0)
        self.location = location
        self.limits = limits
        guard unsafe cpostgresql_prepare_connection(handle, warnings) else { throw lost() }
    }

    deinit {
        unsafe cpostgresql_finish(handle)
        unsafe warnings.deallocate()
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
            command("DEALLOCATE ALL")
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
        isPooled = unsafe process.integer(0) != Int64(cpostgresql_backend_pid(handle))
    }

    /// How many statements a connection keeps: more than a service has in its source.
    private static let mostStatements = 256

    /// Sends a statement with its values, behind what begins the transaction if it is the first.
    func send(_ statement: PostgreSQLStatement, isAwaited: Bool) throws(DatabaseError) {
        try requireUsable()
        sendBeginning()
        let prepared = statement.prepared
        let isPrepared = !isPooled
        if isPrepared, !prepared.isPrepared {
            _ = unsafe cpostgresql_send_prepare(handle, prepared.name, prepared.text.sql)
            sent.append(.preparation(statement))
            prepared.isPrepared = true
        }
        let code = unsafe statement.withValues { count, values in
            isPrepared
                ? unsafe cpostgresql_send_prepared(handle, prepared.name, count, values)
                : unsafe cpostgresql_send_unprepared(handle, prepared.text.sql, count, values)
        }
        sent.append(isAwaited ? .awaited(statement) : .enqueued(statement))
        needsSync = true
        guard code == 1 else { throw lost() }
    }

    /// In a transaction that has failed, or on a connection that broke under it, nothing can be run any more.
    private func requireUsable() throws(DatabaseError) {
        if let transactionFailure { throw transactionFailure }
        if isBroken { throw lost() }
    }

    private func sendBeginning() {
        guard !beginning.isEmpty else { return }
        for sql in beginning { command(sql) }
        beginning = []
        isInTransaction = true
    }

    private func command(_ sql: String, as kind: Sent = .command) {
        // When the connection is gone the next wait finds out.
        _ = unsafe cpostgresql_send_command(handle, sql)
        sent.append(kind)
        needsSync = true
    }

    private func sync() {
        guard needsSync else { return }
        _ = unsafe cpostgresql_pipeline_sync(handle)
        sent.append(.sync)
        needsSync = false
    }

    // MARK: Transactions

    /// Lets the reads from now on see one state of the database.
    func beginSnapshot() {
        repeatable = Self.repeatable
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
        repeatable = isolation == .readCommitted ? Self.repeatable.union(["23505"]) : Self.repeatable
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
        command("COMMIT", as: .commit)
        try collect()
        repeatable = Self.repeatable
    }

    /// Undoes what was not committed. It is not waited for: the next use of the connection does.
    func endTransaction() {
        repeatable = Self.repeatable
        beginning = []
        transactionFailure = nil
        guard isInTransaction, !isBroken else { return }
        // A failure of what was sent before must not make the server skip this.
        sync()
        command("ROLLBACK")
        sync()
        isInTransaction = false
        // What does not fit into the socket's buffer at once would keep the transaction open.
        guard unsafe cpostgresql_flush(handle) != 0 else { return }
        try? collect()
    }

    /// Begins a part of the transaction that can fail alone.
    func beginSavepoint() throws(DatabaseError) {
        try requireUsable()
        sendBeginning()
        command("SAVEPOINT panal")
    }

    /// Keeps what was done since, once it is certain that nothing of it has failed.
    func releaseSavepoint() throws(DatabaseError) {
        try requireUsable()
        command("RELEASE panal")
        try collect()
    }

    /// Undoes what was done since.
    func rollBackToSavepoint() throws(DatabaseError) {
        guard !isBroken else { throw transactionFailure ?? lost() }
        // A failure of what was sent before must not make the server skip this. It is known already, or undone.
        sync()
        try? collect()
        // A conflict with another transaction is not undone by undoing a part.
        if mayRepeat, let transactionFailure { throw transactionFailure }
        transactionFailure = nil
        command("ROLLBACK TO panal")
        command("RELEASE panal")
        try collect()
    }

    // MARK: Waiting

    /// Whether the connection is still there; takes what the server said unasked.
    func isAlive() -> Bool {
        if !isBroken, !sent.isEmpty { try? collect() }
        var looks = 0
        while !isBroken, unsafe cpostgresql_wait(cpostgresql_socket(handle), true, false, 0) == 1 {
            looks += 1
            // The first reading may only bring the server's farewell, the next the end.
            let isRead = unsafe cpostgresql_consume_input(handle) == 1
            _ = unsafe cpostgresql_is_busy(handle)
            isBroken = unsafe !isRead || cpostgresql_is_bad(handle) || looks > Self.mostLooks
        }
        return !isBroken
    }

    private static let mostLooks = 16

    /// Sends what was written and waits for all answers.
    /// - Throws: The first failure among them.
    func collect() throws(DatabaseError) {
        sync()
        roundTrips += 1
        if transactionFailure == nil { mayRepeat = false }
        var failure: Failure?
        var isCommitted = false
        var wait = Wait(until: limits.deadline)
        let warningsBefore = unsafe warnings.pointee
        while answered < sent.count {
            do throws(DatabaseError) { try awaitInput(&wait) } catch { throw giveUp(after: error, wait) }
            guard let result = unsafe cpostgresql_get_result(handle) else {
                guard !(unsafe cpostgresql_is_bad(handle)) else { throw giveUp(after: lost(), wait) }
                // The end of one command's answers.
                answered += 1
                continue
            }
            switch unsafe ResultStatus(cpostgresql_result_status(result)) {
            case .sync:
                unsafe cpostgresql_clear(result)
                answered += 1
            case .success:
                isCommitted = unsafe accept(result) || isCommitted
            case .skipped:
                unsafe cpostgresql_clear(result)
                forgetPreparation()
            case .empty:
                unsafe cpostgresql_clear(result)
                let sql = statementOfNow?.sql ?? ""
                failure = failure ?? Failure(error: .failed("one call runs one statement, not: \(sql)"), state: "")
            case .failure:
                let found = unsafe self.failure(of: result)
                unsafe cpostgresql_clear(result)
                forgetPreparation()
                if found.state.isEmpty || Self.endsConnection(found.state) || (unsafe cpostgresql_is_bad(handle)) {
                    throw giveUp(after: found.error, wait)
                }
                failure = failure ?? found
            case .unsupported:
                unsafe cpostgresql_clear(result)
                isBroken = true
                throw .failed("COPY is not supported: \(statementOfNow?.sql ?? "")")
            }
        }
        let wasCommit = sent.contains { if case .commit = $0 { true } else { false } }
        sent.removeAll(keepingCapacity: true)
        answered = 0
        let status = unsafe cpostgresql_transaction_status(handle)
        isInTransaction = status == 2 || status == 3
        // A cancellation that came too late may hit whatever runs next.
        if wait.isCancelled, failure?.state != "57014" || wait.cancellations > 1 { isBroken = true }
        if let failure {
            if isInTransaction { transactionFailure = failure.error }
            mayRepeat = repeatable.contains(failure.state)
            // A schema that changed: what was prepared for the old one is of no use.
            if failure.state == "0A000" {
                isBroken = true
                mayRepeat = true
            }
            throw failure.error
        }
        guard wasCommit else { return }
        // The server answers a COMMIT of what had failed with ROLLBACK.
        guard isCommitted else { throw .failed("a write failed before it was committed; nothing of it was kept") }
        // It was kept here, but the server was told not to wait until its standby has it too.
        if wait.isCancelled, unsafe warnings.pointee != warningsBefore { throw .unsettled(location) }
    }

    /// Prepared statements that are not there, or are there already.
    private static let foreign: Set<String> = ["26000", "42P05"]

    /// Serialization failures, deadlocks, and statements that were prepared elsewhere.
    private static let repeatable = foreign.union(["40001", "40P01"])

    private static func endsConnection(_ state: String) -> Bool {
        ["57P01", "57P02", "57P03", "57P05"].contains(state) || state.hasPrefix("08")
    }

    private var statementOfNow: PostgreSQLStatement? {
        switch sent[answered] {
        case .preparation(let statement), .awaited(let statement), .enqueued(let statement): statement
        case .command, .commit, .sync: nil
        }
    }

    /// What is not prepared has to be sent again with the next use.
    private func forgetPreparation() {
        if case .preparation(let statement) = sent[answered] { statement.prepared.isPrepared = false }
    }

    /// Gives an answer to whom it is for. Returns whether it says that a transaction was committed.
    private func accept(_ result: OpaquePointer) -> Bool {
        switch sent[answered] {
        case .awaited(let statement):
            unsafe statement.take(result)
            return false
        case .commit:
            defer { unsafe cpostgresql_clear(result) }
            return unsafe String(cString: cpostgresql_command_tag(result)) == "COMMIT"
        case .preparation, .enqueued, .command, .sync:
            unsafe cpostgresql_clear(result)
            return false
        }
    }

    private func failure(of result: OpaquePointer) -> Failure {
        func field(_ code: Character) -> String? {
            let code = CInt(code.asciiValue ?? 0)
            return unsafe cpostgresql_error_field(result, code).map { unsafe String(cString: $0) }
        }
        // Without a state it is libpq itself that speaks, and only of a connection that is lost.
        guard let state = field("C") else { return Failure(error: lost(), state: "") }
        let sql = statementOfNow?.sql ?? ""
        // A pooler that was not recognised: its other connection does not know the statement, or knows it already.
        if Self.foreign.contains(state) { isPooled = true }
        let error = DatabaseError(
            state: state,
            words: field("M") ?? "",
            constraint: field("n"),
            at: location,
            sql: sql
        )
        return Failure(error: error, state: state)
    }

    private enum ResultStatus {
        case success, empty, failure, sync, skipped, unsupported

        /// ExecStatusType of libpq-fe.h.
        init(_ code: CInt) {
            self =
                switch code {
                case 0: .empty
                case 1, 2: .success
                case 10: .sync
                case 11: .skipped
                case 5, 6, 7: .failure
                default: .unsupported
                }
        }
    }

    /// The connection is of no use after this. Nobody knows what became of a COMMIT that was under way.
    private func giveUp(after error: DatabaseError, _ wait: Wait) -> DatabaseError {
        // The answer to a COMMIT may be there and the end of the transaction not.
        let isCommitting = sent.contains { sent in
            switch sent {
            case .commit: true
            // Outside of a transaction a statement commits itself.
            case .awaited(let statement), .enqueued(let statement): !isInTransaction && !statement.isQuery
            case .preparation, .command, .sync: false
            }
        }
        mayRepeat = isInTransaction && !isCommitting && !wait.isCancelled
        let outcome = isCommitting ? .unsettled(location) : error
        transactionFailure = outcome
        isBroken = true
        isInTransaction = false
        sent.removeAll()
        answered = 0
        return outcome
    }

    /// How long to wait, and what was done about it.
    struct Wait {
        private(set) var end: SuspendingClock.Instant?
        private(set) var cancellations = 0

        var isCancelled: Bool { cancellations > 0 }

        init(until end: SuspendingClock.Instant?) { self.end = end }

        /// Nanoseconds that are left; negative for any number of them.
        var left: Int64 {
            guard let end else { return -1 }
            return max(0, SuspendingClock.now.duration(to: end).nanoseconds)
        }

        mutating func cancel() {
            cancellations += 1
            end = .now.advanced(by: PostgreSQLConnection.timeToCancel)
        }
    }

    /// How often the server is told to stop, and for how long it may take to answer each time: one that comes before the
    /// statement is of no effect.
    private static let mostCancellations = 10
    private static let timeToCancel = Duration.milliseconds(100)

    /// For how long a thread waits without a word, in nanoseconds. To hand the event loop to another thread and back costs
    /// more than such a wait is long, and nobody is held up by it.
    private static let patience: Int64 = 50_000

    /// Waits until the next answer is there.
    private func awaitInput(_ wait: inout Wait) throws(DatabaseError) {
        while true {
            let rest = unsafe cpostgresql_flush(handle)
            guard rest >= 0 else { throw lost() }
            guard unsafe cpostgresql_is_busy(handle) else { return }
            try awaitSocket(isWriting: rest == 1, &wait)
            guard unsafe cpostgresql_consume_input(handle) == 1 else { throw lost() }
        }
    }

    private func awaitSocket(isWriting: Bool, _ wait: inout Wait) throws(DatabaseError) {
        let socket = unsafe cpostgresql_socket(handle)
        if cpostgresql_wait(socket, true, isWriting, Self.patience) == 1 { return }
        while true {
            let left = wait.left
            if left != 0 {
                if blocking({ cpostgresql_wait(socket, true, isWriting, left) }) == 1 { return }
            } else if wait.cancellations < Self.mostCancellations {
                unsafe cpostgresql_cancel(handle)
                wait.cancel()
            } else {
                throw .busy(retryAfter: .seconds(1))
            }
        }
    }

    private func lost() -> DatabaseError {
        isBroken = true
        return unsafe .unreachable(location, String(cString: cpostgresql_connection_error(handle)))
    }

    // MARK: For whoever works below statements

    /// Runs statements that bind and return nothing, in the transaction of now if there is one.
    func execute(_ sql: String) throws(DatabaseError) {
        try requireUsable()
        sendBeginning()
        try collect()
        _ = unsafe cpostgresql_exit_pipeline(handle)
        defer {
            if unsafe cpostgresql_enter_pipeline(handle) != 1 { isBroken = true }
            let status = unsafe cpostgresql_transaction_status(handle)
            isInTransaction = status == 2 || status == 3
        }
        guard unsafe cpostgresql_send_script(handle, sql) == 1 else { throw lost() }
        var first: DatabaseError?
        var wait = Wait(until: limits.deadline)
        while true {
            do throws(DatabaseError) {
                try awaitInput(&wait)
            } catch {
                isBroken = true
                throw error
            }
            guard let result = unsafe cpostgresql_get_result(handle) else { break }
            defer { unsafe cpostgresql_clear(result) }
            guard case .failure = unsafe ResultStatus(cpostgresql_result_status(result)) else { continue }
            first = first ?? (unsafe scriptFailure(of: result))
        }
        if let first { throw first }
    }

    private func scriptFailure(of result: OpaquePointer) -> DatabaseError {
        sent = [.command]
        defer { sent = [] }
        return unsafe failure(of: result).error
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
