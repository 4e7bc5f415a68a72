import ArgumentParser
import SQL

/// `restore`: puts a backup in the SQLite database's place, while nobody serves it.
struct Restore<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "restore",
            abstract: "Put a backup in the SQLite database's place; the service has to be stopped.",
            discussion: """
                The backup is checked before anything is changed. The database that it replaces is kept beside it, under \
                its name with .before-restore behind it.
                """
        )
    }

    @Argument(help: "A file that backup has written.", completion: .file())
    var file: String

    @Flag(help: "Delete what an earlier restore has kept.")
    var force = false

    func run() throws {
        guard let url = S.settingsOrExit().database?.url, let migrations = S.migrations else {
            preconditionFailure("a service without a database has no command to restore it")
        }
        let (file, progress) = (file, Progress())
        defer { progress.end() }
        let outcome = try SQLiteRestore(url.file, migrations: migrations).restore(from: file, isReplacing: force) {
            step in
            progress.show { "restore: \(step), \(ByteCount(ofFile: file))" }
        }
        progress.end()
        print("restored \(file), \(ByteCount(ofFile: file)), schema \(outcome.schema)")
        if let kept = outcome.kept { print("the database that it replaces is kept as \(kept)") }
        let needed = migrations.last?.number ?? 0
        if outcome.schema < needed { print("this release needs schema \(needed): run the `migrate` command") }
    }
}
