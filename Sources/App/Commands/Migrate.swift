import ArgumentParser
import SQL
import StaysStore

/// `App migrate`: brings the database to this release's schema. The release phase runs it; `serve` never does.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database to this release's schema; safe to repeat, and to run several times at once."
    )

    @Flag(help: "Only show which migrations are applied; exit code 1 when some are pending.")
    var status = false

    func run() throws {
        let migrator = Migrator(Settings.orExit().databaseURL, migrations: StaysStore.migrations)
        guard status else {
            print(try migrator.migrate())
            return
        }
        let schema = try migrator.status()
        print(schema)
        guard schema.isCurrent else { throw ExitCode.failure }
    }
}
