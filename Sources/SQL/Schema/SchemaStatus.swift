/// How far a database has come along this release's migrations: what `migrate --status` prints.
public struct SchemaStatus: Hashable, Sendable {
    /// One migration and whether the database has been through it.
    public struct Step: Hashable, Sendable {
        /// Its number, from 1.
        public let number: Int
        /// What it does, in words joined by `_`.
        public let name: String
        /// When it was applied, RFC 3339 in UTC; nil when it is still to come.
        public let appliedAt: String?
        /// Whether this release has it; false for one of a newer release.
        public let isKnown: Bool
    }

    /// The steps in order, those of a newer release last.
    public let steps: [Step]

    /// Whether every migration of this release is applied.
    public var isCurrent: Bool { steps.allSatisfy { $0.appliedAt != nil } }

    /// Whether a newer release has migrated the database.
    public var isNewer: Bool { steps.contains { !$0.isKnown } }

    init(applied: [SchemaHistory.Entry], known: [Migration]) {
        let knownSteps = known.map { migration in
            Step(
                number: migration.number,
                name: migration.name,
                appliedAt: applied.first { $0.number == migration.number }?.appliedAt,
                isKnown: true
            )
        }
        let unknownSteps = applied.filter { entry in !known.contains { $0.number == entry.number } }.map { entry in
            Step(number: entry.number, name: entry.name, appliedAt: entry.appliedAt, isKnown: false)
        }
        steps = knownSteps + unknownSteps
    }
}

extension SchemaStatus: CustomStringConvertible {
    /// A line for each step.
    public var description: String {
        steps.map { step in
            let state = step.appliedAt.map { "applied \($0)" } ?? "pending"
            return "\(step.number) \(step.name): \(state)" + (step.isKnown ? "" : " by a newer release")
        }.joined(separator: "\n")
    }
}
