extension DatabaseError {
    /// What an error of the server means to callers (PostgreSQL, "PostgreSQL Error Codes").
    /// - Parameters:
    ///   - state: The SQLSTATE, of five characters.
    ///   - words: The server's primary message. Its details hold values and stay out.
    ///   - constraint: The name of the constraint, when it is about one.
    ///   - location: The database, for the operator.
    ///   - sql: What was run; its parameters hold the values, so it tells nothing private.
    init(state: String, words: String, constraint: String?, at location: PostgreSQLLocation, sql: String) {
        // The messages of this class quote the value that was no number or no date.
        let quoted = state.hasPrefix("22") ? "PostgreSQL refuses a value" : "PostgreSQL says \"\(words)\""
        let named = constraint.map { ", constraint \($0)" } ?? ""
        let detail = "\(quoted) (SQLSTATE \(state)\(named)) about \(location)"
        let inFull = sql.isEmpty ? detail : detail + " when running: " + sql
        switch state {
        // Conflicts between transactions, and waits that were ended: by the deadline, or by the server's own limits.
        case "40001", "40P01", "57014", "55P03", "25P03", "53300", "53400": self = .busy(retryAfter: .seconds(1))
        case "53100": self = .full(detail)
        case "25006": self = .readOnly(detail)
        case "23505", "23P01": self = .violated(.unique, inFull)
        case "23503", "23001": self = .violated(.foreignKey, inFull)
        case "23502": self = .violated(.notNull, inFull)
        case "23514": self = .violated(.check, inFull)
        case "42501":
            self = .unavailable(reason: detail, remedy: "grant the service's user what it needs")
        case "57P04", "3D000":
            self = .unavailable(reason: detail, remedy: "create the database")
        case "XX001", "XX002": self = .corrupted(detail)
        // Checks on values, and errors that triggers raise.
        case let state where ["22", "23", "44", "P0", "09"].contains(state.prefix(2)): self = .violated(.other, inFull)
        // The connection, the server's end and start, memory, and input and output.
        case let state where ["08", "57", "53", "58"].contains(state.prefix(2)):
            self = .unavailable(reason: detail, remedy: "check that the server runs, and its log")
        default: self = .failed(inFull)
        }
    }

    /// The connection broke, or was not made.
    static func unreachable(_ location: PostgreSQLLocation, _ words: String) -> DatabaseError {
        // libpq ends its messages with a new line, and has one for each address it tried.
        let line = words.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(
            separator: "; "
        )
        return .unavailable(
            reason: "no connection to \(location): \(line.isEmpty ? "it was closed" : line)",
            remedy: "check that the server runs and can be reached from here"
        )
    }
}
