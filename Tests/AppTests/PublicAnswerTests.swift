import Foundation
import HTTPServer
import HTTPTypes
import Testing

@testable import App

@Suite("What strangers are told")
struct PublicAnswerTests {
    enum Damage: CaseIterable {
        case missing, unmigrated, foreign, letter, directory, deletedWhileOpen, truncatedWhileOpen, brokenRows, noTable,
            locked
    }

    @Test("holds no path and no word of the database, whatever is wrong with it", arguments: Damage.allCases)
    func brokenDatabase(damage: Damage) throws {
        let service = try SampleService(migrated: ![.missing, .foreign, .letter, .directory].contains(damage))
        let path = service.databasePath
        func booked() throws -> String {
            let answer = try service.book("101", from: "2030-01-10", to: "2030-01-12")
            #expect(answer.status == .created)
            return try #require(answer.headerFields[.location]?.split(separator: "/").last.map(String.init))
        }
        var id = "0123456789abcdefghjkmnpqrs"
        let other = try [.missing, .directory].contains(damage) ? nil : RawConnection(path)
        switch damage {
        case .missing: break
        case .unmigrated: try service.execute("DELETE FROM schema_migration")
        case .foreign: try service.execute("CREATE TABLE wine (year INTEGER)")
        case .letter:
            try String(repeating: "A letter. ", count: 900).write(toFile: path, atomically: true, encoding: .utf8)
        case .directory: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        case .deletedWhileOpen:
            id = try booked()
            try FileManager.default.removeItem(atPath: path)
        case .truncatedWhileOpen:
            id = try booked()
            try service.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: 5_000)
        case .brokenRows:
            id = try booked()
            try service.execute(
                "UPDATE booking SET arrival = 'never', departure = 'some day'; UPDATE room SET name = ''"
            )
        case .noTable:
            id = try booked()
            try service.execute("DROP TABLE held_night; DROP TABLE idempotency; DROP TABLE booking; DROP TABLE room")
        case .locked:
            id = try booked()
            try other?.execute("BEGIN IMMEDIATE")
        }

        let booking =
            #"{"roomId":"101","from":"2030-02-10","to":"2030-02-12","guests":1,"#
            + #""guest":{"name":"Ada","email":"ada@example.org"}}"#
        var failures = 0
        // What the service says of itself is the same whatever is wrong, and full of such words.
        for route in service.router.routes where !["/docs", "/openapi.json"].contains(route.pattern) {
            let name =
                route.pattern.hasPrefix("/v1/bookings") ? id : route.pattern.hasPrefix("/v1") ? "101" : "store-busy"
            let target =
                route.pattern.replacing("{id}", with: name).replacing("{name}", with: name)
                + (route.pattern == "/v1/availability" ? "?from=2030-01-10&to=2030-01-12&guests=1" : "")
            let answer = try service.ask(
                route.method,
                target,
                route.method == .delete ? [.ifMatch: "*"] : [:],
                json: route.method == .post ? booking : nil
            )
            if answer.status.code >= 500 { failures += 1 }
            let all = (answer.text + answer.headerFields.map { "\($0.name): \($0.value)" }.joined()).lowercased()
            for secret in [
                "sqlite", "panal-secret", "hidden", "/tmp", "code ", "schema_", "select ", "column", "table",
            ] {
                #expect(!all.contains(secret), "\(route.method) \(target): \(all)")
            }
        }
        #expect(failures > 0, "something is wrong, so something fails")
        withExtendedLifetime(other) {}
    }
}
