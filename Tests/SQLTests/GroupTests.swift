import Glibc
import TestDatabases
import Testing
import Values

@testable import SQL

@Suite("a group of writes")
struct GroupTests {
    private struct Stop: Error {}

    @Test("is committed as one: nobody else sees any of it before, and all of it after")
    func together() throws {
        try on(.sqlite) { (file, database) throws in
            let other = try file.open()
            database.beginGroup()
            try database.add("one")
            try database.write {
                try database.add("two")
                try database.add("three")
            }
            #expect(try database.notes() == ["one", "two", "three"], "whoever comes later in the group sees it")
            #expect(try other.notes().isEmpty)
            try database.endGroup()
            #expect(try other.notes() == ["one", "two", "three"])
            try other.add("four")
        }
    }

    @Test("loses a write that fails, and no other")
    func oneFails() throws {
        try on(.sqlite) { (file, database) throws in
            database.beginGroup()
            try database.add("one")
            #expect(throws: Stop.self) {
                try database.write {
                    try database.add("two")
                    throw Stop()
                }
            }
            #expect(throws: DatabaseError.self) {
                try database.write {
                    try database.add("three")
                    try database.run("INSERT INTO note (id, text) VALUES (1, 'again')")
                }
            }
            #expect(throws: DatabaseError.self) { try database.all("SELECT nothing FROM note") { _ in } }
            try database.add("four")
            try database.endGroup()
            #expect(try file.open().notes() == ["one", "four"])
        }
    }

    @Test("that wrote nothing holds no lock, and one that did gives it back with its end")
    func lock() throws {
        try on(.sqlite) { (file, database) throws in
            let other = try file.open(longestWait: .zero)
            database.beginGroup()
            _ = try database.notes()
            _ = try database.read { try database.notes() }
            try other.add("one")
            try database.add("two")
            #expect(throws: DatabaseError.self) { try other.add("three") }
            try database.endGroup()
            try other.add("four")
            #expect(try database.notes() == ["one", "two", "four"])
        }
    }

    @Test("waits once for a lock that somebody else keeps, and not once for each write")
    func longWait() throws {
        try on(.sqlite) { (file, _) throws in
            let database = try file.open(longestWait: .milliseconds(300))
            let other = try file.connect()
            try other.execute("BEGIN IMMEDIATE")
            let start = SuspendingClock.now
            database.beginGroup()
            for _ in 0..<20 { #expect(throws: DatabaseError.self) { try database.add("late") } }
            try database.endGroup()
            let time = start.duration(to: .now)
            #expect(time >= .milliseconds(300) && time < .seconds(3), "\(time)")
            try other.execute("ROLLBACK")
            try database.add("one")
            #expect(try database.notes() == ["one"])
        }
    }

    @Test("is kept or refused whole when it is interrupted somewhere", arguments: 1...60 as ClosedRange<Int32>)
    func interrupted(steps: Int32) throws {
        try on(.sqlite) { (file, database) throws in
            try database.add("zero")
            let connection = try database.sqliteConnection()
            database.beginGroup()
            try database.add("one")
            connection.busyTimeout.attend(connection.handle, stepsBetweenLooks: steps)
            database.deadline = .now
            let isDone = (try? database.write { try database.run("UPDATE note SET text = text || '!'") }) != nil
            database.deadline = nil
            let isLastDone = (try? database.add("two")) != nil
            let isKept = (try? database.endGroup()) != nil
            let notes = try file.open().notes()
            if isKept {
                #expect(notes == ["zero", "one"].map { isDone ? $0 + "!" : $0 } + (isLastDone ? ["two"] : []))
            } else {
                #expect(notes == ["zero"])
            }
            try database.add("three")
            #expect(try file.open().notes().last == "three")
        }
    }

    @Test("answers a repeat of a key in it as one that came later, and judges under its lock only")
    func once() throws {
        try on(.sqlite) { (file, database) throws in
            let key = Idempotency(
                key: try #require(IdempotencyKey("k")),
                scope: try #require(IdempotencyScope("a")),
                fingerprint: Fingerprint(fields: ["one"])
            )
            var judgements = 0
            func ask() throws -> Once<String> {
                try database.write(once: key, at: Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456)) {
                    judgements += 1
                } _: {
                    try database.add("one")
                    return "done"
                }
            }
            database.beginGroup()
            try database.add("first")
            #expect(try ask() == .done("done"))
            #expect(try ask() == .replayed("done"))
            try database.endGroup()
            #expect(try database.notes() == ["first", "one"])
            #expect(judgements == 1)
        }
    }

    @Test("refuses who breaks a rule that is judged with the commit, and keeps the others")
    func deferredReference() throws {
        try on(.sqlite) { (file, database) throws in
            try database.run(
                "CREATE TABLE reply (id INTEGER NOT NULL REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED) STRICT"
            )
            database.beginGroup()
            try database.add("one")
            #expect(throws: DatabaseError.self) { try database.run("INSERT INTO reply (id) VALUES (17)") }
            try database.run("INSERT INTO reply (id) VALUES (1)")
            try database.endGroup()
            #expect(try file.text("SELECT group_concat(id) FROM reply") == "1")
        }
    }

    @Test("is refused whole when its file is replaced meanwhile")
    func replaced() throws {
        try on(.sqlite) { (file, database) throws in
            database.beginGroup()
            try database.add("one")
            #expect(rename(file.path, file.path + ".gone") == 0)
            #expect(throws: DatabaseError.self) { try database.endGroup() }
            #expect(rename(file.path + ".gone", file.path) == 0)
            #expect(try database.notes().isEmpty)
        }
    }

    @Test("that somebody has begun is not begun anew")
    func nested() throws {
        try on(.sqlite) { (file, database) throws in
            database.beginGroup()
            try database.add("one")
            database.beginGroup()
            try database.add("two")
            try database.endGroup()
            #expect(try file.open().notes() == ["one", "two"])
        }
    }

    @Test("cannot end in the middle of a write")
    func end() throws {
        try on(.sqlite) { (file, database) throws in
            database.beginGroup()
            try database.write {
                try database.add("one")
                #expect(!database.mayEndGroup)
            }
            #expect(database.mayEndGroup)
            try database.endGroup()
        }
    }

    @Test("tells that something was committed, once")
    func hasCommitted() throws {
        try on(.sqlite) { (file, database) throws in
            #expect(!database.takeHasCommitted())
            try database.add("one")
            #expect(database.takeHasCommitted())
            #expect(!database.takeHasCommitted())
            _ = try database.notes()
            #expect(!database.takeHasCommitted())
        }
    }

    @Test("is none on PostgreSQL, where writers do not wait for each other")
    func postgreSQL() throws {
        guard Store.all.contains(.postgreSQL) else { return }
        try on(.postgreSQL) { (file, database) throws in
            let other = try file.open()
            database.beginGroup()
            try database.add("one")
            #expect(try other.notes() == ["one"])
            try database.endGroup()
            #expect(!database.takeHasCommitted())
        }
    }

    @Test("loses nothing among others on other threads")
    func race() throws {
        try on(.sqlite) { (file, database) throws in
            let kept = try TestDatabases.race(4) { thread in
                let database = try file.open()
                var kept = 0
                for round in 0..<25 {
                    database.beginGroup()
                    var count = 0
                    for number in 0..<4 {
                        let isRefused = number == round % 4
                        do {
                            try database.write {
                                try database.add("\(thread) \(round) \(number)")
                                if isRefused { throw Stop() }
                            }
                            count += 1
                        } catch is Stop {}
                    }
                    try database.endGroup()
                    kept += count
                }
                return kept
            }
            #expect(kept == [75, 75, 75, 75])
            #expect(try database.notes().count == 300)
        }
    }
}
