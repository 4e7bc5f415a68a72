import Linux
import TestDatabases
import Testing

@testable import SQL

@Suite("Who observes a database")
struct ObserverTests {
    private final class Witness: DatabaseObserver {
        var isWatching = true
        var seen: [String] = []
        var retries = 0
        var commits: [Int] = []

        func ended(
            _ operation: DatabaseOperation,
            from start: MonotonicInstant,
            to end: MonotonicInstant,
            error: DatabaseError?
        ) {
            #expect(start <= end)
            seen.append([operation.name, operation.table, error?.code].compactMap(\.self).joined(separator: " "))
        }

        func retried() { retries += 1 }
        func committed(writes: Int) { commits.append(writes) }
    }

    @Test("is told of statements, transactions and failures", arguments: Store.all)
    func told(store: Store) throws {
        try on(store) { (file, database) throws in
            try database.open()
            let witness = Witness()
            database.observer = witness
            try database.add("one")
            _ = try database.all("SELECT text FROM note WHERE id = :id", 1) { row in row.integer(0) }
            #expect(throws: DatabaseError.self) { try database.first("SELECT nothing FROM note") { _ in } }
            #expect(witness.seen.contains { $0.hasPrefix("INSERT note") })
            #expect(witness.seen.contains("SELECT note"))
            if store == .sqlite {
                #expect(Array(witness.seen.prefix(3)) == ["BEGIN", "INSERT note", "COMMIT"])
                #expect(witness.commits == [1])
            } else {
                #expect(witness.seen.last?.hasPrefix("SELECT note failed") == true)
            }
            try database.write {
                try database.add("two")
                try database.add("three")
            }
            #expect(witness.seen.last == "COMMIT")
            let count = witness.seen.count
            witness.isWatching = false
            _ = try database.notes()
            #expect(witness.seen.count == count)
        }
    }

    @Test("learns how many writes one commit kept, and how often a lock was waited for")
    func groups() throws {
        try on(.sqlite) { (file, database) throws in
            let witness = Witness()
            database.observer = witness
            database.beginGroup()
            for name in ["one", "two", "three"] { try database.add(name) }
            #expect(witness.commits.isEmpty)
            try database.endGroup()
            #expect(witness.commits == [3])
            #expect(witness.seen == ["BEGIN", "INSERT note", "INSERT note", "INSERT note", "COMMIT"])
            // Another process has the lock.
            let other = try file.connect()
            try other.execute("BEGIN IMMEDIATE")
            witness.seen = []
            database.deadline = .now.advanced(by: .milliseconds(20))
            #expect(throws: DatabaseError.self) { try database.add("four") }
            #expect(witness.seen == ["BEGIN busy"])
            #expect(witness.retries > 0)
            try other.execute("ROLLBACK")
        }
    }

    @Test(
        "is told the operation and the first table, and nothing else of a statement's text",
        arguments: [
            ("SELECT a FROM room WHERE name = 'secret'", "SELECT", "room"),
            ("insert into note (x) values (1)", "INSERT", "note"),
            ("UPDATE account SET x = 1", "UPDATE", "account"), ("DELETE FROM job WHERE id = :id", "DELETE", "job"),
            ("SELECT min(x) FROM (SELECT y FROM job)", "SELECT", "job"), ("SELECT 1", "SELECT", nil), ("", "", nil),
            ("WITH a AS (SELECT b FROM c) SELECT d FROM a", "WITH", "c"), ("NOTIFY channel", "NOTIFY", nil),
        ] as [(String, String, String?)]
    )
    func summary(sql: String, name: String, table: String?) {
        let operation = DatabaseOperation(sql, .sqlite)
        #expect(operation.name == name)
        #expect(operation.table == table)
    }
}
