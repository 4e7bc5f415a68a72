import Foundation
import Testing

@Suite("a folder of migrations")
struct EmbeddingTests {
    private let directory = FileManager.default.temporaryDirectory.appending(
        path: "panal-migrations-\(UUID().uuidString)"
    )

    /// Runs what the plugin runs.
    /// - Returns: The source it wrote, nil when it refused, and what it said.
    private func embed(_ files: [String: String]) throws -> (source: String?, words: String) {
        let folder = directory.appending(path: "Migrations")
        let output = directory.appending(path: "Migrations.swift")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        let words = Pipe()
        let process = Process()
        process.executableURL = Bundle.main.bundleURL.appending(path: "MigrationEmbedder")
        process.arguments = [folder.path, output.path]
        process.standardError = words
        try process.run()
        let said = words.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let source = process.terminationStatus == 0 ? try String(contentsOf: output, encoding: .utf8) : nil
        return (source, String(decoding: said, as: UTF8.self))
    }

    @Test("becomes a list in the order of the numbers, the texts byte for byte")
    func list() throws {
        let text = "CREATE TABLE a (b TEXT DEFAULT 'é\"\\#(x)');\r\n-- \t🏨\n"
        let source = try embed(["0002_second.sql": "SELECT 2", "0001_a_first_1.sql": text, ".hidden": "x"]).source
        let escaped = ##"CREATE TABLE a (b TEXT DEFAULT '\u{e9}\"\\#(x)');\u{d}\n-- \u{9}\u{1f3e8}\n"##
        #expect(source?.contains(#"Migration(number: 1, name: "a_first_1", sql: "\#(escaped)"),"# + "\n") == true)
        #expect(source?.contains(#"Migration(number: 2, name: "second", sql: "SELECT 2"),"#) == true)
        let order = [source?.range(of: "number: 1"), source?.range(of: "number: 2")].compactMap { $0?.lowerBound }
        #expect(order.count == 2 && order[0] < order[1])
    }

    @Test("has a text of its own for PostgreSQL where one stands beside")
    func dialects() throws {
        let source = try embed([
            "0001_a.sql": "one", "0001_a.postgres.sql": "one for PostgreSQL", "0002_b.sqlite.sql": "two",
            "0002_b.postgres.sql": "two for PostgreSQL", "0003_c.sql": "three",
        ]).source
        let expected = [
            #"Migration(number: 1, name: "a", sql: "one", postgreSQL: "one for PostgreSQL"),"#,
            #"Migration(number: 2, name: "b", sql: "two", postgreSQL: "two for PostgreSQL"),"#,
            #"Migration(number: 3, name: "c", sql: "three"),"#,
        ]
        #expect(source?.contains(expected.map { "        \($0)\n" }.joined()) == true, "\(source ?? "")")
    }

    @Test("may be empty: a service begins without a table")
    func empty() throws {
        #expect(try embed([:]).source?.contains("static let all: [Migration] = [") == true)
    }

    @Test(
        "ends the build when a number is missing, used twice or malformed, with an error that names file and remedy",
        arguments: [
            (["0001_a.sql", "0003_c.sql"], ["0003_c.sql: comes where number 0002 belongs; leave no gap"]),
            (["0002_b.sql"], ["0002_b.sql: comes where number 0001 belongs; leave no gap"]),
            (["0001_a.sql", "0001_b.sql"], ["0001_b.sql: has the number of 0001_a.sql; give it the next free one"]),
            (["1_a.sql"], ["1_a.sql: is no migration; name it NNNN_what_it_does.sql"]),
            (["0001-a.sql"], ["0001-a.sql: is no migration"]), (["0001_A.sql"], ["0001_A.sql: is no migration"]),
            (["0001_.sql"], ["0001_.sql: is no migration"]), (["0000_a.sql"], ["0000_a.sql: is no migration"]),
            (["0001_a.txt"], ["0001_a.txt: is no migration"]), (["0001_a b.sql"], ["0001_a b.sql: is no migration"]),
            (["0001_a.sqlite.sql"], ["0001_a.sqlite.sql: has no counterpart; add 0001_a.postgres.sql"]),
            (["0001_a.postgres.sql"], ["0001_a.postgres.sql: has no counterpart; add 0001_a.sqlite.sql"]),
            (
                ["0001_a.sql", "0001_a.sqlite.sql", "0001_a.postgres.sql"],
                ["0001_a.sqlite.sql: is for the same database as 0001_a.sql; remove one of them"]
            ),
            (
                ["0001_a.sql", "0001_b.postgres.sql"],
                ["0001_b.postgres.sql: has the number of 0001_a.sql; give it the next free one"]
            ),
            (["0001_a.mysql.sql"], ["0001_a.mysql.sql: is no migration"]),
            (
                ["0001_a.sql", "0002_b.sql", "0002_c.sql", "x.sql"],
                ["0002_c.sql: has the number", "x.sql: is no migration"]
            ),
        ]
    )
    func faults(files: [String], expected: [String]) throws {
        let (source, words) = try embed(Dictionary(uniqueKeysWithValues: files.map { ($0, "SELECT 1") }))
        #expect(source == nil)
        #expect(words.split(separator: "\n").count == expected.count)
        for fault in expected { #expect(words.contains(fault), "\(words)") }
        #expect(words.split(separator: "\n").allSatisfy { $0.hasPrefix("error: ") })
    }
}
