import SQL
import Values

/// Something that is done again and again.
struct Schedule: Sendable {
    let name: String
    let interval: Duration

    /// The first of its times after a moment.
    func next(after moment: Timestamp) -> Timestamp {
        let (micros, length) = (moment.microsecondsSinceEpoch, microseconds)
        let passed = micros / length - (micros % length < 0 ? 1 : 0)
        return Timestamp(microsecondsSinceEpoch: (passed + 1) * length)
    }

    private var microseconds: Int64 {
        let (seconds, attoseconds) = interval.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    /// What a look at the clock came to.
    struct Claim: Equatable {
        /// When to look again.
        var next: Timestamp
        /// Whether a run was added.
        var isAdded = false
        /// How many runs before that one were missed.
        var missed = 0
        /// Whether the run before is not done, so that none was added.
        var isHeldUp = false
    }

    /// Adds a run if one is due and nobody else has added it.
    func claim(in database: Database, at now: Timestamp) throws -> Claim {
        let next = next(after: now)
        // One that is planned for later has had a longer interval in the release before. What is planned for less was planned by
        // a worker whose clock is ahead: its run is not to be planned again.
        let latest = now.adding(interval + Self.clockDifference)
        // The usual answer needs no write lock.
        if let planned = try planned(in: database), planned > now, planned <= latest { return Claim(next: planned) }
        return try database.write(isolation: .readCommitted) {
            guard let planned = try planned(in: database) else {
                try database.run(
                    "INSERT INTO job_schedule (name, next_at) VALUES (:name, :next) ON CONFLICT (name) DO NOTHING",
                    ["name": name, "next": next]
                )
                return Claim(next: next)
            }
            guard planned <= now || planned > latest else { return Claim(next: planned) }
            let isOurs = try database.run(
                "UPDATE job_schedule SET next_at = :next WHERE name = :name AND next_at = :planned",
                ["next": next, "name": name, "planned": planned]
            )
            guard isOurs == 1, planned <= now else { return Claim(next: next) }
            var claim = Claim(next: next)
            claim.missed = Int((now.microsecondsSinceEpoch - planned.microsecondsSinceEpoch) / microseconds)
            claim.isHeldUp = try isUnderWay(in: database)
            guard !claim.isHeldUp else { return claim }
            // Of those that died the last is enough.
            try database.run(
                "DELETE FROM job WHERE kind = :name AND unique_key = :name AND died_at IS NOT NULL",
                ["name": name]
            )
            try database.add(
                kind: name,
                payload: "{}",
                JobOptions(uniqueKey: name, maximumAttempts: Self.attempts),
                at: now
            )
            claim.isAdded = true
            return claim
        }
    }

    /// By so much the clocks of hosts may differ.
    private static let clockDifference = Duration.seconds(60)

    /// A further failure is made up for by the next run.
    private static let attempts = 5

    private func planned(in database: Database) throws -> Timestamp? {
        try database.first("SELECT next_at FROM job_schedule WHERE name = :name", ["name": name]) { row in
            try row[0] as Timestamp
        }
    }

    private func isUnderWay(in database: Database) throws -> Bool {
        try database.first(
            "SELECT 1 FROM job WHERE kind = :name AND unique_key = :name AND died_at IS NULL",
            ["name": name]
        ) { _ in true } ?? false
    }
}
