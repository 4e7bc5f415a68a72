/// What was sent on a connection and not yet answered (PostgreSQL, "Pipeline Mode"), in order. The server's answers come in the
/// same order, and each is given to whom it is for.
final class PostgreSQLPipeline {
    private let libpq: LibpqConnection

    /// What was sent, and how many of it have been answered.
    private var sent: [Entry] = []
    private var answered = 0

    /// Whether something was sent since the last point to which the server answers without being asked for more.
    private var needsSync = false

    private enum Entry {
        case preparation(PostgreSQLStatement)
        /// Somebody reads its answer.
        case awaited(PostgreSQLStatement)
        case enqueued(PostgreSQLStatement)
        case command
        case commit
        case sync
    }

    init(on libpq: LibpqConnection) { self.libpq = libpq }

    /// Whether nothing is to be answered.
    var isEmpty: Bool { sent.isEmpty }

    // MARK: Sending

    /// Writes a statement with its values, and before that its text if the server is to have it prepared and has not.
    /// - Returns: Whether libpq took it.
    func send(_ statement: PostgreSQLStatement, isPrepared: Bool, isAwaited: Bool) -> Bool {
        let prepared = statement.prepared
        if isPrepared, !prepared.isPrepared {
            libpq.send(preparationOf: prepared)
            sent.append(.preparation(statement))
            prepared.isPrepared = true
        }
        let isSent = libpq.send(statement, isPrepared: isPrepared)
        sent.append(isAwaited ? .awaited(statement) : .enqueued(statement))
        needsSync = true
        return isSent
    }

    /// Writes what binds and returns nothing.
    func send(command sql: String) { send(sql, as: .command) }

    func sendCommit() { send("COMMIT", as: .commit) }

    private func send(_ sql: String, as entry: Entry) {
        // When the connection is gone the next wait finds out.
        libpq.send(command: sql)
        sent.append(entry)
        needsSync = true
    }

    /// Has the server answer all that was written, and go on with what follows even if some of it fails.
    func sync() {
        guard needsSync else { return }
        libpq.sendSync()
        sent.append(.sync)
        needsSync = false
    }

    // MARK: Receiving

    /// What the answers came to.
    struct Answers {
        /// The first failure among them.
        var failure: PostgreSQLFailure?

        /// Whether one says that the server's connection is not always the same.
        var isForeign = false

        /// What became of a COMMIT, if one was sent.
        var commit: Commit?

        enum Commit {
            case kept, undone
        }
    }

    /// Why there are no more answers.
    enum Breakdown: Error {
        /// The connection is gone, or the server did not stop when it was told to.
        case lost(DatabaseError)
        /// What was sent makes the server speak in a way that is not understood here.
        case unsupported(DatabaseError)

        var error: DatabaseError {
            switch self {
            case .lost(let error), .unsupported(let error): error
            }
        }
    }

    /// Sends what was written and waits for all answers.
    func answers(_ wait: inout PostgreSQLWait) throws(Breakdown) -> Answers {
        sync()
        var answers = Answers()
        // Until the server says that it did.
        if isCommitSent { answers.commit = .undone }
        while answered < sent.count {
            do throws(DatabaseError) { try wait.forAnswer(from: libpq) } catch { throw .lost(error) }
            guard let result = libpq.nextResult() else {
                guard !libpq.isBad else { throw .lost(libpq.loss) }
                // The end of one command's answers.
                answered += 1
                continue
            }
            try take(result, &answers)
        }
        sent.removeAll(keepingCapacity: true)
        answered = 0
        return answers
    }

    private func take(_ result: consuming PostgreSQLResult, _ answers: inout Answers) throws(Breakdown) {
        switch result.status {
        case .sync: answered += 1
        case .success: accept(result, &answers)
        case .skipped: forgetPreparation()
        case .empty:
            let error = DatabaseError.failed("one call runs one statement, not: \(statementOfNow?.sql ?? "")")
            answers.failure = answers.failure ?? PostgreSQLFailure(error)
        case .failure:
            let failure = PostgreSQLFailure(result, of: statementOfNow?.sql ?? "", on: libpq)
            forgetPreparation()
            if failure.endsConnection || libpq.isBad { throw .lost(failure.error) }
            if failure.isForeign { answers.isForeign = true }
            answers.failure = answers.failure ?? failure
        case .unsupported:
            throw .unsupported(.failed("COPY is not supported: \(statementOfNow?.sql ?? "")"))
        }
    }

    private func accept(_ result: consuming PostgreSQLResult, _ answers: inout Answers) {
        switch sent[answered] {
        case .awaited(let statement): unsafe statement.take(result.release())
        case .commit: if result.commandTag == "COMMIT" { answers.commit = .kept }
        case .preparation, .enqueued, .command, .sync: break
        }
    }

    private var isCommitSent: Bool { sent.contains { if case .commit = $0 { true } else { false } } }

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

    // MARK: Loss

    /// Whether the server may have kept something of what was sent: the answer to a COMMIT may be there and the end of the
    /// transaction not.
    func isCommitting(inTransaction: Bool) -> Bool {
        sent.contains { entry in
            switch entry {
            case .commit: true
            // Outside of a transaction a statement commits itself.
            case .awaited(let statement), .enqueued(let statement): !inTransaction && !statement.isQuery
            case .preparation, .command, .sync: false
            }
        }
    }

    /// Nothing of what was sent will be answered.
    func forget() {
        sent.removeAll()
        answered = 0
    }
}
