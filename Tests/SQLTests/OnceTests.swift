import TestDatabases
import Testing
import Values

@testable import SQL

@Suite("writes that are done once per key")
struct OnceTests {
    private struct Refusal: Error {}
    private struct Answer: Codable, Hashable { var id: Int; var text: String }

    private let now = Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456)

    private func key(_ text: String, for request: String, scope: String = "a") throws -> Idempotency {
        Idempotency(
            key: try #require(IdempotencyKey(text)),
            scope: try #require(IdempotencyScope(scope)),
            fingerprint: Fingerprint(fields: [request])
        )
    }

    private func add(_ text: String, to database: Database) throws -> Answer {
        let id = try database.first("INSERT INTO note (text) VALUES (:text) RETURNING id", text) { row in
            try row["id"] as Int
        }
        return Answer(id: try #require(id), text: text)
    }

    private func ask(_ database: Database, _ text: String, _ key: Idempotency?, at moment: Timestamp? = nil) throws
        -> Once<Answer>
    {
        try database.write(once: key, at: moment ?? now) { try add(text, to: database) }
    }

    @Test(
        "the first answer under a key is given again, to every connection, and nothing is written again",
        arguments: Store.all
    )
    func replay(store: Store) throws {
        try on(store) { (file, database) throws in
            let key = try key("k", for: "one")
            let answer = Answer(id: 1, text: "one")
            #expect(try ask(database, "one", key) == .done(answer))
            #expect(try ask(database, "one", key) == .replayed(answer))
            let other = try file.open()
            #expect(try other.write(once: key, at: now) { try add("one", to: other) } == .replayed(answer))
            #expect(try database.notes() == ["one"])
        }
    }

    @Test(
        "another request under the key is refused; another key, or the key of another client, is another write",
        arguments: Store.all
    )
    func keys(store: Store) throws {
        try on(store) { (file, database) throws in
            #expect(try ask(database, "one", key("k", for: "one")) == .done(Answer(id: 1, text: "one")))
            #expect(try ask(database, "two", key("k", for: "two")) == .keyReused)
            #expect(try ask(database, "two", key("K", for: "two")) == .done(Answer(id: 2, text: "two")))
            #expect(try ask(database, "two", key("k", for: "two", scope: "b")) == .done(Answer(id: 3, text: "two")))
            #expect(try ask(database, "two", nil) == .done(Answer(id: 4, text: "two")))
            #expect(try ask(database, "two", nil) == .done(Answer(id: 5, text: "two")))
        }
    }

    @Test("a write that throws leaves no record of its key", arguments: Store.all)
    func refused(store: Store) throws {
        try on(store) { (file, database) throws in
            let key = try key("k", for: "one")
            #expect(throws: Refusal.self) {
                try database.write(once: key, at: now) { () throws -> Answer in
                    _ = try add("one", to: database)
                    throw Refusal()
                }
            }
            #expect(try database.notes().isEmpty)
            // PostgreSQL gives no number twice.
            #expect(try ask(database, "one", key) == .done(Answer(id: store == .sqlite ? 1 : 2, text: "one")))
        }
    }

    @Test("repeats, and refusals that are known without the write lock, wait for no lock")
    func withoutLock() throws {
        try on(.sqlite) { (file, database) throws in
            let key = try key("k", for: "one")
            let answer = Answer(id: 1, text: "one")
            func judged(_ key: Idempotency?) throws -> Once<Answer> {
                try database.write(once: key, at: now) {
                    guard try database.notes().isEmpty else { throw Refusal() }
                } _: {
                    try add("one", to: database)
                }
            }
            #expect(try judged(key) == .done(answer))
            let other = try file.connect()
            try other.execute("BEGIN IMMEDIATE")
            database.deadline = .now
            #expect(try ask(database, "one", key) == .replayed(answer))
            #expect(try judged(key) == .replayed(answer))
            #expect(try judged(self.key("k", for: "two")) == .keyReused)
            #expect(throws: Refusal.self) { try judged(self.key("new", for: "one")) }
            #expect(throws: Refusal.self) { try judged(nil) }
            #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) {
                try ask(database, "two", self.key("new", for: "two"))
            }
        }
    }

    @Test("what was judged without the lock is judged again under it")
    func judgedAgain() throws {
        try on(.sqlite) { (file, database) throws in
            let other = try file.open()
            var judgements = 0
            #expect(throws: Refusal.self) {
                try database.write(once: nil, at: now) {
                    judgements += 1
                    guard try database.notes().isEmpty else { throw Refusal() }
                    // Somebody else is faster.
                    if judgements == 1 { try other.add("theirs") }
                } _: {
                    try add("mine", to: database)
                }
            }
            #expect(judgements == 2)
            #expect(try database.notes() == ["theirs"])
        }
    }

    @Test("a request sent many times at once under one key is done once and all get that answer", arguments: Store.all)
    func race(store: Store) throws {
        try on(store) { (file, database) throws in
            let key = try key("k", for: "one")
            let outcomes = try TestDatabases.race(12) { [file, now] _ in
                let database = try file.open()
                return try database.write(once: key, at: now) {
                    try database.run("INSERT INTO note (text) VALUES ('one')")
                    return try database.first("SELECT count(*) AS n FROM note") { row in try row["n"] as Int } ?? 0
                }
            }
            #expect(outcomes.filter { $0 == .done(1) }.count == 1)
            #expect(outcomes.filter { $0 == .replayed(1) }.count == 11)
            #expect(try database.notes() == ["one"])
        }
    }

    @Test("a key is on record for its lifetime; then it goes with later ones, two at a time", arguments: Store.all)
    func expiry(store: Store) throws {
        try on(store) { (file, database) throws in
            func count() throws -> Int {
                try database.first("SELECT count(*) AS n FROM idempotency") { row in try row["n"] } ?? 0
            }
            for index in 0..<20 { _ = try ask(database, "\(index)", key("k\(index)", for: "\(index)")) }
            let last = now.adding(IdempotencyKey.lifetime - .microseconds(1))
            for index in 20..<24 { _ = try ask(database, "\(index)", key("k\(index)", for: "\(index)"), at: last) }
            #expect(try count() == 24)
            #expect(try ask(database, "0", key("k0", for: "0"), at: last) == .replayed(Answer(id: 1, text: "0")))
            let over = now.adding(IdempotencyKey.lifetime)
            for index in 24..<27 { _ = try ask(database, "\(index)", key("k\(index)", for: "\(index)"), at: over) }
            #expect(try count() == 24 + 3 - 6)
            for index in 27..<60 { _ = try ask(database, "\(index)", key("k\(index)", for: "\(index)"), at: over) }
            #expect(try count() == 40)
        }
    }

    @Test("a record that no release wrote is damage", arguments: Store.all)
    func damage(store: Store) throws {
        try on(store) { (file, database) throws in
            _ = try ask(database, "one", key("k", for: "one"))
            try database.run("UPDATE idempotency SET answer = '{}'")
            let damage = DatabaseError.corrupted("column answer of an idempotency key holds what no release wrote")
            #expect(throws: damage) { try ask(database, "one", key("k", for: "one")) }
        }
    }
}
