/// What a run of the migrations came to.
public enum MigrationOutcome: Hashable, Sendable {
    /// These were applied, by number and name.
    case applied([String])

    /// There was nothing to do.
    case current(schema: Int)

    /// A newer release has migrated the database further than this one knows. Nothing was changed: that release keeps
    /// this one working, so that it can be rolled back to.
    case newer(schema: Int, known: Int)
}

extension MigrationOutcome: CustomStringConvertible {
    /// One line for an operator.
    public var description: String {
        switch self {
        case .applied(let names):
            "applied \(names.joined(separator: ", "))"
        case .current(let schema):
            "nothing to do: the database has schema \(schema)"
        case .newer(let schema, let known):
            "nothing to do: the database has schema \(schema) of a newer release, this one knows up to \(known)"
        }
    }
}
