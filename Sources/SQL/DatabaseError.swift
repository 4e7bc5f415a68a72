/// Why a database could not do what was asked.
///
/// Each error has words for two: ``summary`` for whoever asked (it names no path and quotes no SQL), ``description`` for the
/// operator's log.
public enum DatabaseError: Error, Hashable {
    /// Others held the database for as long as could be waited. Nothing was changed; the same call may succeed after this.
    case busy(retryAfter: Duration)

    /// There is no database yet, or its schema is older than this release needs: it has to be migrated. Or a move to it is not
    /// finished. It is tried again with every call. `remedy` is what to do, and names nothing that strangers may not know.
    case unprepared(String, remedy: String = "run the `migrate` command")

    /// The database cannot be reached. It is tried again with every call.
    case unavailable(reason: String, remedy: String)

    /// The connection was lost while a write was being committed: it was kept or it was not. Whoever repeats it under the same
    /// idempotency key (``Database/write(once:at:isolation:judging:_:)``) learns which, and does it once.
    case unknownOutcome(String)

    /// There is no room left where the database writes. Nothing was changed; reads still work.
    case full(String)

    /// The database can be read but not written. Nothing was changed.
    case readOnly(String)

    /// A statement would break a rule that the schema declares. The statement changed nothing. The transaction goes on in
    /// SQLite; in PostgreSQL it can only end, but for what ``Database/savepoint(_:)`` encloses.
    case violated(Constraint, String)

    /// What the database holds is damaged, or is nothing that a release wrote.
    case corrupted(String)

    /// Anything else: a defect of the statement, of the program or of its surroundings.
    case failed(String)

    /// The rules that a schema can declare.
    public enum Constraint: String, Sendable {
        /// UNIQUE and PRIMARY KEY: such a row is there already.
        case unique
        /// REFERENCES: the row that is referred to is not there, or one that others refer to would go.
        case foreignKey
        /// NOT NULL.
        case notNull
        /// CHECK.
        case check
        /// The declared type of a STRICT table's column, and triggers that raise an error.
        case other
    }
}

extension DatabaseError {
    /// The kind of trouble in one word that stays the same from release to release: for metrics and log fields.
    public var code: String {
        switch self {
        case .busy: "busy"
        case .unprepared: "unprepared"
        case .unavailable: "unavailable"
        case .unknownOutcome: "unknown_outcome"
        case .full: "full"
        case .readOnly: "read_only"
        case .violated: "violated"
        case .corrupted: "corrupted"
        case .failed: "failed"
        }
    }

    /// What strangers may know of it: the kind of trouble, without a path and without the words of whatever keeps the data.
    public var summary: String {
        switch self {
        case .busy: "the store is busy"
        case .unprepared(_, let remedy): "the store is not prepared for this release: \(remedy)"
        case .unavailable: "the store cannot be reached"
        case .unknownOutcome: "the store was lost while it wrote: repeat the request under its idempotency key"
        case .full: "the store is full"
        case .readOnly: "the store cannot be written"
        case .violated: "the store refuses the change"
        case .corrupted: "the store is damaged"
        case .failed: "the store failed"
        }
    }
}

extension DatabaseError: CustomStringConvertible {
    /// What failed and what to do next, in one line for an operator: for the log, not for clients.
    public var description: String {
        switch self {
        case .busy:
            "the store is busy: other writers held it for as long as this request could wait; try again"
        case .unprepared(let reason, let remedy):
            "the store is not prepared: \(reason); \(remedy)"
        case .unavailable(let reason, let remedy):
            "the store is not available: \(reason); \(remedy)"
        case .unknownOutcome(let detail):
            "whether a write was kept is not known: \(detail); who repeats the request under its idempotency key learns it"
        case .full(let detail):
            "the store is full: \(detail); free space where the database lies"
        case .readOnly(let detail):
            "the store cannot be written: \(detail); give the service write access to the database and its directory"
        case .violated(let constraint, let detail):
            "the store refuses the change, which breaks its \(constraint.rawValue) constraint: \(detail)"
        case .corrupted(let detail):
            "the store is damaged: \(detail); stop writing to it and restore a backup"
        case .failed(let detail):
            "the store failed: \(detail)"
        }
    }
}
