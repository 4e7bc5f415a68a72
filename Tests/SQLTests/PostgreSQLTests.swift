import Glibc
import Linux
import Synchronization
import TestDatabases
import Testing
import Values

@testable import SQL

extension Trait where Self == ConditionTrait {
    /// For what only PostgreSQL does. In CI it has to be installed.
    static var needsPostgreSQL: Self {
        .enabled(
            if: PostgreSQLServer.isInstalled || Store.isInCI,
            "PostgreSQL is not installed: bin/setup --tests installs it"
        )
    }
}

@Suite("a database on PostgreSQL", .needsPostgreSQL)
struct PostgreSQLTests {
    private let busy = DatabaseError.busy(retryAfter: .seconds(1))

    /// The process of the server that serves this connection.
    private func backend(of database: Database) throws -> Int {
        try #require(try database.first("SELECT pg_backend_pid()", as: Int.self))
    }

    /// Ends the connection of a database from the server's side.
    private func terminate(_ backend: Int, of file: TemporaryDatabase) throws {
        let ended = try Database(file.url).first(
            "SELECT pg_terminate_backend(CAST(:pid AS INTEGER), 10000)",
            ["pid": backend],
            as: Bool.self
        )
        #expect(ended == true)
    }

    /// Waits until some connection runs a statement with this in its text.
    private func awaitStatement(_ part: String, in file: TemporaryDatabase) throws -> Int {
        let database = Database(file.url)
        for _ in 0..<5_000 {
            let found = try database.first(
                """
                SELECT pid FROM pg_stat_activity
                WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()
                AND position(CAST(:part AS TEXT) IN query) > 0
                """,
                ["part": part],
                as: Int.self
            )
            if let found { return found }
            usleep(2_000)
        }
        throw DatabaseError.failed("nobody runs \(part)")
    }

    // MARK: Errors

    @Test(
        "an error says what can be done about it",
        arguments: [
            ("40001", "busy"), ("40P01", "busy"), ("57014", "busy"), ("55P03", "busy"), ("53300", "busy"),
            ("53100", "full"), ("25006", "read_only"), ("23505", "violated"), ("23503", "violated"),
            ("23502", "violated"), ("23514", "violated"), ("22P02", "violated"), ("P0001", "violated"),
            ("57P01", "unavailable"), ("57P03", "unavailable"), ("08006", "unavailable"), ("3D000", "unavailable"),
            ("42501", "unavailable"), ("53200", "unavailable"), ("58030", "unavailable"), ("XX001", "corrupted"),
            ("42P01", "failed"), ("42601", "failed"), ("0A000", "failed"), ("XX000", "failed"),
        ]
    )
    func mapping(state: String, code: String) throws {
        let location = try PostgreSQLLocation(url: "postgres://app:secret@db/app")
        let error = DatabaseError(state: state, words: "words", constraint: "rule", at: location, sql: "SELECT :x")
        #expect(error.code == code)
        #expect(!error.description.contains("secret"))
        #expect(!error.summary.contains("words"))
    }

    @Test("a value that the server refuses stands in no error")
    func privateValues() throws {
        try on(.postgreSQL) { (file, database) throws in
            try database.add("x")
            for sql in ["SELECT CAST(:v AS BIGINT)", "INSERT INTO note (id, text) VALUES (1, :v)"] {
                let error = #expect(throws: DatabaseError.self) { try database.run(sql, ["v": "ada@example.org"]) }
                guard case .violated = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(error?.description.contains("ada@") == false)
            }
            let error = #expect(throws: DatabaseError.self) {
                try database.run("INSERT INTO note (text) VALUES (:v)", ["v": "a\0b"])
            }
            #expect(error?.description.contains("NUL") == true)
        }
    }

    @Test("a server that is not there is not available; for a moment nobody asks again; its password is not told")
    func unreachable() throws {
        let url = try DatabaseURL("postgres://app:secret@/app?host=/nowhere&password=secret")
        guard case .postgreSQL(let location) = url.location else { return }
        let database = Database(url)
        let first = #expect(throws: DatabaseError.self) { try database.notes() }
        #expect(first?.code == "unavailable")
        #expect(first?.description.contains("secret") == false)
        #expect(first?.description.contains("/nowhere") == true)
        let connector = PostgreSQLConnector(location)
        let limits = BusyTimeout(longestWait: .zero)
        for _ in 0..<50 {
            #expect(throws: DatabaseError.self) { try connector.connect(limits) }
        }
        #expect(connector.tries <= 3)
    }

    // MARK: Waits

    @Test("a statement that runs past the deadline is ended in the server too, and the connection serves on")
    func deadline() throws {
        try on(.postgreSQL) { (file, database) throws in
            let backend = try backend(of: database)
            let start = SuspendingClock.now
            database.deadline = start.advanced(by: .milliseconds(50))
            #expect(throws: busy) { try database.run("SELECT pg_sleep(30)") }
            let waited = start.duration(to: .now)
            #expect(waited >= .milliseconds(50))
            #expect(waited < .seconds(10))
            database.deadline = nil
            #expect(try self.backend(of: database) == backend)
            let sleepers =
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)%'"
            #expect(try Database(file.url).first(sleepers + " AND pid <> pg_backend_pid()", as: Int.self) == 0)
        }
    }

    @Test("a write that waits for another's lock gives up at the deadline, or after the longest wait, and is undone")
    func lockWait() throws {
        try on(.postgreSQL) { (file, database) throws in
            try database.add("one")
            let other = try file.open(longestWait: .milliseconds(50))
            try database.write {
                try database.run("UPDATE note SET author = 'Ada'")
                #expect(throws: busy) { try other.write { try other.run("UPDATE note SET author = 'Grace'") } }
                other.deadline = .now.advanced(by: .milliseconds(50))
                #expect(throws: busy) { try other.write { try other.run("UPDATE note SET author = 'Grace'") } }
                #expect(throws: busy) { try other.run("UPDATE note SET author = 'Grace'") }
            }
            other.deadline = nil
            #expect(try file.text("SELECT author FROM note") == "Ada")
            #expect(try other.write { try other.run("UPDATE note SET author = 'Grace'") } == 1)
            #expect(try file.text("SELECT author FROM note") == "Grace")
        }
    }

    private final class Waits: BlockingObserver {
        var count = 0
        override func willBlock(for reason: BlockingReason) { count += 1 }
    }

    @Test("a wait is announced, so that somebody else can take the thread's other work")
    func announced() throws {
        try on(.postgreSQL) { (_, database) throws in
            let waits = Waits()
            try waits.attend {
                try database.run("SELECT pg_sleep(0.05)")
                #expect(waits.count == 1)
                _ = try Database(database.url).first("SELECT 1", as: Int.self)
                #expect(waits.count >= 2, "connecting is a wait too")
            }
        }
    }

    // MARK: Lost connections

    @Test("a connection that the server ended is replaced with the next call, whatever that is")
    func terminated() throws {
        try on(.postgreSQL) { (file, database) throws in
            try terminate(backend(of: database), of: file)
            #expect(try database.notes().isEmpty)
            try terminate(backend(of: database), of: file)
            try database.add("one")
            try terminate(backend(of: database), of: file)
            #expect(try database.run("INSERT INTO note (text) VALUES ('two')") == 1)
            try terminate(backend(of: database), of: file)
            #expect(database.readiness() == .ready)
            try terminate(backend(of: database), of: file)
            #expect(try database.read { try database.notes() } == ["one", "two"])
        }
    }

    @Test("a write whose connection is lost before it was to be kept is done again, once")
    func lostInWrite() throws {
        try on(.postgreSQL) { (file, database) throws in
            var runs = 0
            try database.write {
                runs += 1
                try database.run("INSERT INTO note (text) VALUES ('one')")
                if runs == 1 { try terminate(backend(of: database), of: file) }
                try database.run("INSERT INTO note (text) VALUES ('two')")
            }
            #expect(runs == 2)
            #expect(try database.notes() == ["one", "two"])
        }
    }

    /// Lets commits of notes take their time.
    private func slowDownCommits(of file: TemporaryDatabase) throws {
        try file.execute(
            """
            CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.text = 'slow' THEN PERFORM pg_sleep(30); END IF; RETURN NULL; END $$
            """,
            """
            CREATE CONSTRAINT TRIGGER doze AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION doze()
            """
        )
    }

    @Test(
        "a commit whose connection is lost has an unknown outcome, and the body is not run again",
        arguments: [true, false]
    )
    func unknownOutcome(inTransaction: Bool) throws {
        try on(.postgreSQL) { (file, _) throws in
            try slowDownCommits(of: file)
            _ = try race(2) { number in
                if number == 0 {
                    try terminate(awaitStatement(inTransaction ? "COMMIT" : "'slow'", in: file), of: file)
                    return
                }
                let database = try file.open()
                var runs = 0
                let error = #expect(throws: DatabaseError.self) {
                    let insert = "INSERT INTO note (text) VALUES ('slow')"
                    guard inTransaction else { return _ = try database.run(insert) }
                    try database.write {
                        runs += 1
                        try database.run(insert)
                    }
                }
                #expect(error?.code == "unknown_outcome", "\(String(describing: error))")
                #expect(runs == (inTransaction ? 1 : 0))
                #expect(try database.notes().isEmpty)
            }
        }
    }

    @Test("a commit that the deadline ends is undone and told so")
    func deadlineAtCommit() throws {
        try on(.postgreSQL) { (file, database) throws in
            try slowDownCommits(of: file)
            database.deadline = .now.advanced(by: .milliseconds(50))
            #expect(throws: busy) { try database.add("slow") }
            database.deadline = nil
            #expect(try database.notes().isEmpty)
        }
    }

    // MARK: Transactions

    @Test("a write that met with another is run again on what that one has left")
    func serialization() throws {
        try on(.postgreSQL) { (file, database) throws in
            let other = try file.open()
            var runs = 0
            try database.write {
                runs += 1
                let count = try database.notes().count
                if runs == 1 {
                    try other.write {
                        let count = try other.notes().count
                        try other.add("theirs \(count)")
                    }
                }
                try database.add("mine \(count)")
            }
            #expect(runs == 2)
            #expect(try database.notes() == ["theirs 0", "mine 1"])
        }
    }

    @Test(
        "a write that only the schema's rules guard meets nobody but who writes the same key, and is run again then"
    )
    func readCommitted() throws {
        try on(.postgreSQL) { (file, database) throws in
            let other = try file.open()
            var runs = 0
            func insert(_ id: Int, _ text: String) throws {
                try database.enqueue("INSERT INTO note (id, text) VALUES (:id, :text)", ["id": id, "text": text])
            }
            try database.write(isolation: .readCommitted) {
                runs += 1
                _ = try database.notes()
                if runs == 1 { try other.run("INSERT INTO note (id, text) VALUES (1, 'theirs')") }
                try insert(2, "mine")
            }
            #expect(runs == 1, "another key")
            runs = 0
            try database.write(isolation: .readCommitted) {
                runs += 1
                let isTaken = try database.first("SELECT 1 FROM note WHERE id = 3", as: Int.self) != nil
                if runs == 1 { try other.run("INSERT INTO note (id, text) VALUES (3, 'theirs')") }
                if !isTaken { try insert(3, "mine") }
            }
            #expect(runs == 2, "the same key")
            runs = 0
            #expect {
                try database.write(isolation: .readCommitted) {
                    runs += 1
                    try insert(3, "again")
                }
            } throws: { error in
                if case DatabaseError.violated(.unique, _) = error { true } else { false }
            }
            #expect(runs == 5, "its own fault")
            #expect(try database.notes() == ["theirs", "mine", "theirs"])
        }
    }

    @Test("writes that would wait for each other for ever go on, one after the other")
    func deadlock() throws {
        try on(.postgreSQL) { (file, database) throws in
            try database.add("one", "two")
            _ = try race(2) { number in
                let database = try file.open()
                for _ in 0..<3 {
                    try database.write {
                        for id in number == 0 ? [1, 2] : [2, 1] {
                            try database.run("UPDATE note SET author = coalesce(author, '') || 'x' WHERE id = :id", id)
                        }
                    }
                }
            }
            #expect(try file.text("SELECT string_agg(author, ',') FROM note") == "xxxxxx,xxxxxx")
        }
    }

    @Test("a write whose statement failed unheard is not taken for kept")
    func swallowed() throws {
        try on(.postgreSQL) { (file, database) throws in
            let error = #expect(throws: DatabaseError.self) {
                try database.write {
                    try database.add("one")
                    _ = try? database.run("INSERT INTO note (text) VALUES ('')")
                }
            }
            #expect(error?.code == "violated")
            #expect(try file.open().notes().isEmpty)
        }
    }

    @Test("a write is two round trips: with its first question, and with its commit")
    func roundTrips() throws {
        try on(.postgreSQL) { (_, database) throws in
            func write(_ text: String) throws {
                try database.write {
                    _ = try database.notes()
                    try database.enqueue("INSERT INTO note (text) VALUES (:text)", ["text": text])
                    try database.enqueue("INSERT INTO note (text) VALUES (:text)", ["text": text])
                }
            }
            let connection = try database.postgreSQLConnection()
            for text in ["first", "again"] {
                let before = connection.roundTrips
                try write(text)
                #expect(connection.roundTrips - before == 2)
            }
            let before = connection.roundTrips
            #expect(try database.notes().count == 4)
            #expect(connection.roundTrips - before == 1)
            // What nothing was asked in costs nothing.
            try database.write {}
            #expect(connection.roundTrips - before == 1)
        }
    }

    @Test("a server that takes no writes is readable, and refuses writes as such")
    func readOnly() throws {
        try on(.postgreSQL) { (file, database) throws in
            #expect(database.readiness() == .ready)
            let name = try #require(try database.first("SELECT current_database()", as: String.self))
            try PostgreSQLServer.running().administrate("ALTER DATABASE \(name) SET default_transaction_read_only = on")
            try terminate(backend(of: database), of: file)
            guard case .readable(.readOnly) = database.readiness() else {
                Issue.record("\(database.readiness())")
                return
            }
            let error = #expect(throws: DatabaseError.self) { try database.add("one") }
            #expect(error?.code == "read_only")
            #expect(try database.notes().isEmpty)
            try PostgreSQLServer.running().administrate(
                "ALTER DATABASE \(name) SET default_transaction_read_only = off"
            )
            try database.add("one")
            #expect(try database.notes() == ["one"])
        }
    }
}
