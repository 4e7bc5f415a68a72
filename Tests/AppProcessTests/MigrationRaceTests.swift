import CLinux
import Glibc
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Migrations at once")
    struct MigrationRaceTests {
        @Test(
            "of five that start on an empty database at once all succeed, and each migration is applied once",
            arguments: Store.all
        )
        func fiveAtOnce(on store: Store) throws {
            let directory = try TemporaryDirectory()
            let target = store == .postgreSQL ? try TemporaryDatabase([], on: store, migrated: false) : nil
            let environment = Service.environment(
                in: directory,
                target.map { ["DATABASE_URL": $0.url.description] } ?? [:]
            )
            var barrier: [CInt] = [0, 0]
            #expect(clinux_pipe(&barrier) == 0)
            let file = open(directory.path + "/output", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer { close(file) }
            // Each waits for the end of what it reads, which comes to all at once.
            let processes = try (0..<5).map { _ in
                try Spawned(
                    User.ofService.launcher + ["sh", "-c", "read _ <&3; exec \"$0\" migrate", Binary.app.path],
                    environment: environment,
                    output: file,
                    errors: file,
                    passing: barrier[0]
                )
            }
            close(barrier[0])
            close(barrier[1])
            let exits = processes.map { $0.wait(by: .generous) }
            let output = ProcessTree.read(directory.path + "/output") ?? ""
            #expect(exits == Array(repeating: .code(0), count: 5), "\(output)")
            let lines = output.split(separator: "\n")
            #expect(lines.filter { $0.hasPrefix("applied 1 ") }.count == 1, "\(output)")
            #expect(lines.filter { $0.hasPrefix("nothing to do") }.count == 4, "\(output)")
            let url = try target?.url ?? DatabaseURL("sqlite:\(directory.path)/service.sqlite")
            let numbers = try SQL.Database(url).all("SELECT number FROM schema_migration ORDER BY number", as: Int.self)
            #expect(numbers == Array(1...numbers.count))
            #expect(numbers.count >= 3)
        }
    }
}
