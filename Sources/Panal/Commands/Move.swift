import ArgumentParser
import SQL

/// `move`: from the SQLite database to one of PostgreSQL, while nobody serves it.
struct Move<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "move",
            abstract: "Copy the SQLite database to PostgreSQL; the service has to be stopped.",
            discussion: """
                DATABASE_URL names the SQLite database, which stays as it is. The PostgreSQL database has to be there and \
                empty. A move that was ended in the middle goes on when it is run again; at the end the rows of all tables \
                are counted and compared. Then give DATABASE_URL the new URL.
                """
        )
    }

    @Option(help: "The PostgreSQL database, postgres://…. Other users of this host can read it while the command runs.")
    var to: String?

    @Option(help: "A file with that URL, for one with a password.", completion: .file())
    var toFile: String?

    func validate() throws {
        guard (to == nil) != (toFile == nil) else {
            throw ValidationError("Say where to move: --to postgres://…, or --to-file with a file that holds the URL.")
        }
    }

    func run() throws {
        guard let source = S.settingsOrExit().database?.url, let migrations = S.migrations else {
            preconditionFailure("a service without a database has no command to move it")
        }
        let target = try target()
        let progress = Progress()
        defer { progress.end() }
        let move = try DatabaseMove(from: source, to: target, migrations: migrations)
        let outcome = try move.run { step in progress.show { "move: \(step)" } }
        progress.end()
        var table = TextTable("table", "rows", "hash of both")
        for moved in outcome.tables { table.add(moved.name, "\(moved.rows)", moved.hash) }
        print(table.text)
        for table in outcome.tables where !table.leftOut.isEmpty {
            print("\(table.name) has no \(table.leftOut.joined(separator: ", ")) in PostgreSQL: left out")
        }
        print("copied \(outcome.copied) rows; all are in both databases. Give DATABASE_URL the URL of \(target)")
    }

    private func target() throws -> DatabaseURL {
        if let to { return try DatabaseURL(to) }
        let file = toFile ?? ""
        let url: String
        do throws(UnreadableSecret) {
            url = try SecretFile.read(file)
        } catch {
            throw ValidationError("--to-file \(file): name \(error.expectation).")
        }
        return try DatabaseURL(url)
    }
}
