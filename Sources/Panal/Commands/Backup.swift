import ArgumentParser
import Glibc
import Linux
import SQL

/// `backup`: a copy of the SQLite database, while it is served.
struct Backup<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "backup",
            abstract: "Write a copy of the SQLite database to a file, while it is served.",
            discussion: """
                The copy is the database as it is at one moment: one file, without a log beside it. It appears under its \
                name only when it is whole and on the disk. For - it is first written to TMPDIR, or /var/tmp.
                """
        )
    }

    @Argument(help: "The file; - for the standard output.", completion: .file())
    var file: String

    @Flag(help: "Replace a file that is there.")
    var force = false

    func run() throws {
        guard let url = S.settingsOrExit().database?.url else {
            preconditionFailure("a service without a database has no command to copy it")
        }
        let database = try url.file
        let progress = Progress()
        func follow(_ copy: String) {
            progress.show { "backup: \(ByteCount(ofFile: copy)) written of about \(ByteCount(ofFile: database.path))" }
        }
        defer { progress.end() }
        let backup = SQLiteBackup(database)
        guard file == "-" else {
            try backup.write(to: file, isReplacing: force, copying: follow)
            progress.end()
            print("\(ByteCount(ofFile: file)) written to \(file)")
            return
        }
        guard isatty(STDOUT_FILENO) == 0 else {
            throw ValidationError("A database is nothing for a terminal: redirect the output, or name a file.")
        }
        let directory = ProcessEnvironment.variables["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
        try backup.write(toDescriptor: STDOUT_FILENO, by: directory, copying: follow)
    }
}
