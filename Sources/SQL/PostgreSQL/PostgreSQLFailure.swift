/// What the server said when a statement failed.
struct PostgreSQLFailure {
    let error: DatabaseError

    /// SQLSTATE (PostgreSQL, "Error Codes"); empty when it is libpq that speaks, and only of a connection that is lost.
    private let state: String

    /// Of a result that is a failure.
    /// - Parameter sql: The statement that failed; empty where it is none of the service's.
    init(_ result: borrowing PostgreSQLResult, of sql: String, on libpq: LibpqConnection) {
        guard let state = result.errorField("C") else {
            error = libpq.loss
            self.state = ""
            return
        }
        self.state = state
        error = DatabaseError(
            state: state,
            words: result.errorField("M") ?? "",
            constraint: result.errorField("n"),
            at: libpq.location,
            sql: sql
        )
    }

    /// Of a call that sent no statement at all.
    init(_ error: DatabaseError) {
        self.error = error
        state = "none"
    }

    /// Whether it is libpq that has lost the connection.
    var isLoss: Bool { state.isEmpty }

    /// Whether the connection ends with it.
    var endsConnection: Bool {
        isLoss || ["57P01", "57P02", "57P03", "57P05"].contains(state) || state.hasPrefix("08")
    }

    /// Whether a prepared statement was not there, or there already: what the server's other connections prepare is not known
    /// to this one.
    var isForeign: Bool { ["26000", "42P05"].contains(state) }

    /// Whether the write may be run again: it was a serialization failure, a deadlock, a statement that was prepared
    /// elsewhere, or a key that another has written since it was looked for.
    func isRepeatable(in isolation: Isolation) -> Bool {
        isForeign || ["40001", "40P01"].contains(state) || isolation == .readCommitted && state == "23505"
    }

    /// Whether the statement ended because that was asked for.
    var isCancellation: Bool { state == "57014" }

    /// Whether the schema has changed: what was prepared for the old one is of no use.
    var isOfOldSchema: Bool { state == "0A000" }
}
