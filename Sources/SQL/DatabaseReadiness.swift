/// Whether a database can serve now. The error of each case has words for two: `summary` for whoever asks, `description`
/// for the operator's log.
public enum DatabaseReadiness: Hashable, Sendable {
    /// It can.
    case ready

    /// It can be read, but this keeps writes from succeeding.
    case readable(obstacle: DatabaseError)

    /// It cannot, for this reason.
    case unready(DatabaseError)
}
