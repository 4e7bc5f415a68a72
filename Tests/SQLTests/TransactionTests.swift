import TestDatabases
import Testing

@testable import SQL

@Suite("transactions")
struct TransactionTests {
    private struct Stop: Error {}

    @Test("what is written together is seen together", arguments: Store.all)
    func together(store: Store) throws {
        try on(store) { (file, database) throws in
            let other = try file.open()
            try database.write {
                try database.add("one")
                #expect(try other.notes().isEmpty)
                #expect(try database.notes() == ["one"])
                try database.add("two")
            }
            #expect(try other.notes() == ["one", "two"])
        }
    }

    @Test("a write that throws leaves nothing, and its error is the caller's", arguments: Store.all)
    func undone(store: Store) throws {
        try on(store) { (file, database) throws in
            #expect(throws: Stop.self) {
                try database.write {
                    try database.add("one")
                    throw Stop()
                }
            }
            #expect(try database.notes().isEmpty)
            #expect(throws: DatabaseError.self) {
                try database.write {
                    try database.add("one")
                    try database.add("")
                }
            }
            #expect(try database.notes().isEmpty)
            try database.add("two")
            #expect(try file.open().notes() == ["two"])
        }
    }

    @Test("a write inside of another belongs to it, and ends with it", arguments: Store.all)
    func joined(store: Store) throws {
        try on(store) { (file, database) throws in
            #expect(throws: Stop.self) {
                try database.write {
                    try database.write { try database.add("one") }
                    throw Stop()
                }
            }
            #expect(try database.notes().isEmpty)
            let count = try database.write {
                try database.write { try database.add("one") }
                return try database.write { try database.notes().count }
            }
            #expect(count == 1)
        }
    }

    @Test("a broken rule that the body takes in its stride undoes its own statement alone")
    func swallowed() throws {
        try on(.sqlite) { (file, database) throws in
            try database.write {
                try database.add("one")
                #expect(throws: DatabaseError.self) {
                    try database.run("INSERT INTO note (id, text) VALUES (1, 'again')")
                }
                try database.run("INSERT INTO note (text) VALUES ('two')")
            }
            #expect(try file.open().notes() == ["one", "two"])
        }
    }

    @Test("a part of a write can fail alone, whatever else comes before and after it", arguments: Store.all)
    func savepoint(store: Store) throws {
        try on(store) { (file, database) throws in
            try database.write {
                try database.add("one")
                #expect(throws: DatabaseError.self) {
                    try database.savepoint {
                        try database.add("lost")
                        try database.run("INSERT INTO note (id, text) VALUES (1, 'again')")
                    }
                }
                try database.savepoint { try database.add("two") }
                #expect(throws: Stop.self) {
                    try database.savepoint {
                        try database.add("lost")
                        throw Stop()
                    }
                }
                try database.add("three")
            }
            #expect(try file.open().notes() == ["one", "two", "three"])
        }
    }

    @Test(
        "what need not be answered at once is kept with the rest, and its failure undoes the rest",
        arguments: Store.all
    )
    func enqueued(store: Store) throws {
        try on(store) { (file, database) throws in
            let insert = "INSERT INTO note (text) VALUES (:text)"
            try database.write {
                try database.enqueue(insert, ["text": "one"])
                try database.enqueue(insert, ["text": "two"])
                #expect(try database.notes() == ["one", "two"])
                try database.enqueue(insert, ["text": "three"])
            }
            #expect(try file.open().notes() == ["one", "two", "three"])
            let error = #expect(throws: DatabaseError.self) {
                try database.write {
                    try database.enqueue(insert, ["text": "four"])
                    try database.enqueue(insert, ["text": ""])
                }
            }
            guard case .violated(.check, _) = error else {
                Issue.record("\(String(describing: error)) is no broken check")
                return
            }
            try database.enqueue(insert, ["text": "five"])
            #expect(try database.notes() == ["one", "two", "three", "five"])
        }
    }

    @Test("several reads see one state", arguments: Store.all)
    func reads(store: Store) throws {
        try on(store) { (file, database) throws in
            let other = try file.open()
            try database.read {
                #expect(try database.notes().isEmpty)
                try other.add("one")
                #expect(try database.notes().isEmpty)
            }
            #expect(try database.notes() == ["one"])
        }
    }

    @Test("a read does not write: neither by a statement nor by a transaction inside of it", arguments: Store.all)
    func readOnly(store: Store) throws {
        try on(store) { (file, database) throws in
            for write in [{ try database.add("one") }, { try database.run("DELETE FROM note") }] as [() throws -> Void]
            {
                let error = #expect(throws: DatabaseError.self) { try database.read { try write() } }
                #expect(error?.description.contains("write") == true)
            }
            try database.write { try database.read { try database.add("one") } }
            #expect(try database.notes() == ["one"])
        }
    }

    @Test("two stores on one connection write in one transaction", arguments: Store.all)
    func twoStores(store: Store) throws {
        try on(store) { (file, database) throws in
            struct Notes { let database: Database; func add(_ text: String) throws { try database.add(text) } }
            struct Authors {
                let database: Database
                func rename(to name: String) throws {
                    try database.run("UPDATE note SET author = :name", ["name": name])
                }
            }
            let (notes, authors) = (Notes(database: database), Authors(database: database))
            try database.write {
                try notes.add("one")
                try authors.rename(to: "Ada")
            }
            #expect(try file.text("SELECT text || author FROM note") == "oneAda")
        }
    }

    @Test("writers that read first and then write never lose an update", arguments: Store.all)
    func counters(store: Store) throws {
        try on(store) { (file, database) throws in
            try database.add("0")
            _ = try race(4) { [file] _ in
                let database = try file.open()
                for _ in 0..<25 {
                    try database.write {
                        let count: Int =
                            try database.first("SELECT CAST(text AS INTEGER) AS n FROM note") { row in try row["n"] }
                            ?? 0
                        try database.run("UPDATE note SET text = :text", "\(count + 1)")
                    }
                }
            }
            #expect(try database.notes() == ["100"])
        }
    }

    @Test("a transaction that cannot be rolled back ends with its connection", arguments: [false, true])
    func rollbackFails(endsByDeadline: Bool) throws {
        try on(.sqlite) { (file, database) throws in
            let other = try file.connect()
            let database = try file.open()
            refuseRollback(on: try database.sqliteConnection())
            #expect(throws: (any Error).self) {
                try database.write {
                    try database.add("one")
                    guard endsByDeadline else { throw Stop() }
                    // SQLite itself rolls back when a write is interrupted, but not when a read between two writes is.
                    database.deadline = .now
                    try database.run(
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000) SELECT count(*) FROM n"
                    )
                }
            }
            database.deadline = nil
            #expect(throws: Never.self) { try other.execute("BEGIN IMMEDIATE; ROLLBACK") }
            #expect(try database.notes().isEmpty)
            try database.add("two")
            #expect(try database.notes() == ["two"])
        }
    }
}
