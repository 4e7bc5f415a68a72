import ArgumentParser
import Logging
import SQL

/// `migrate`: brings the database to this release's schema. The release phase runs it; `serve` never does.
struct Migrate<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "migrate",
            abstract: "Bring the database to this release's schema; safe to repeat, and to run several times at once."
        )
    }

    @Flag(help: "Only show which migrations are applied; exit code 1 when some are pending.")
    var status = false

    @Flag(help: "Apply what is pending and undo it again: shows whether it can be applied, changes nothing.")
    var dryRun = false

    func validate() throws {
        if status, dryRun { throw ValidationError("--status and --dry-run exclude each other") }
    }

    func run() throws {
        let settings = S.settingsOrExit()
        guard let database = settings.database, let migrations = S.migrations else {
            preconditionFailure("a service without migrations has no command to run them")
        }
        let migrator = Migrator(database.url, migrations: migrations)
        guard !dryRun else {
            print("dry run, nothing was kept:", try migrator.rehearse())
            return
        }
        guard status else {
            print(try migrator.migrate())
            // A migration may have filled the log. If that fails, the service does it later.
            let logger = Logger.waiting(S.info, settings)
            _ = try? database.checkpointer(logger)?.checkpoint()
            return
        }
        let schema = try migrator.status()
        print(schema)
        guard schema.isCurrent else { throw ExitCode.failure }
    }
}
