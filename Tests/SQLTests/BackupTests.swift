import FoundationEssentials
import Glibc
import Linux
import TestDatabases
import Testing

@testable import SQL

@Suite("backup and restore")
struct BackupTests {
    private let file: TemporaryDatabase
    private let database: Database

    private var backup: String { file.directory + "/backup.sqlite" }
    private var kept: String { file.path + ".before-restore" }

    init() throws {
        file = try TemporaryDatabase()
        database = try file.open()
        try database.add("one", "two")
    }

    private func names() throws -> [String] {
        try
            (FileManager.default.contentsOfDirectory(atPath: file.directory)
            + FileManager.default.contentsOfDirectory(atPath: file.directory + "/data")).sorted()
    }

    private func restore(_ path: String? = nil, isReplacing: Bool = false) throws -> SQLiteRestore.Outcome {
        try SQLiteRestore(file.location, migrations: file.migrations)
            .restore(from: path ?? backup, isReplacing: isReplacing)
    }

    /// Closes the database, which the test's own connection has open.
    private func leave() { database.close() }

    @Test("a backup holds what was committed, also what is only in the log, and nothing of the transaction of now")
    func consistent() throws {
        let writer = try file.connect()
        try writer.beginWriting()
        try writer.execute("INSERT INTO note (text) VALUES ('not yet')")
        try SQLiteBackup(file.location).write(to: backup)
        writer.endTransaction()
        let copy = Database(try DatabaseURL("sqlite:\(backup)"), migrations: file.migrations)
        #expect(try copy.notes() == ["one", "two"])
        #expect(try names().filter { $0.contains("partial") } == [])
    }

    @Test("a file that is there is kept unless it is to be replaced, and the database itself is never the target")
    func existing() throws {
        try SQLiteBackup(file.location).write(to: backup)
        try database.add("three")
        #expect(throws: BackupError.self) { try SQLiteBackup(file.location).write(to: backup) }
        #expect(throws: BackupError.self) { try SQLiteBackup(file.location).write(to: file.path, isReplacing: true) }
        try SQLiteBackup(file.location).write(to: backup, isReplacing: true)
        let copy = Database(try DatabaseURL("sqlite:\(backup)"), migrations: file.migrations)
        #expect(try copy.notes().count == 3)
    }

    @Test("a backup has the permissions of the database: nobody else reads it")
    func permissions() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        try SQLiteBackup(file.location).write(to: backup)
        #expect(try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int == 0o600)
    }

    @Test("what cannot be backed up leaves nothing behind")
    func failing() throws {
        let missing = try SQLiteLocation(path: file.directory + "/missing.sqlite")
        #expect(throws: BackupError.self) { try SQLiteBackup(missing).write(to: backup) }
        let nowhere = file.directory + "/nowhere/backup.sqlite"
        #expect(throws: BackupError.self) { try SQLiteBackup(file.location).write(to: nowhere) }
        #expect(try names().filter { $0.hasPrefix("backup") } == [])
    }

    @Test("a restore puts the backup in the database's place and keeps the database with its log")
    func roundTrip() throws {
        try SQLiteBackup(file.location).write(to: backup)
        try database.add("three")
        leave()
        let outcome = try restore()
        #expect(outcome == SQLiteRestore.Outcome(schema: 2, kept: kept))
        #expect(try file.open().notes() == ["one", "two"])
        let old = Database(try DatabaseURL("sqlite:\(kept)"), migrations: file.migrations)
        #expect(try old.notes() == ["one", "two", "three"])
        #expect(try file.integrity() == "ok")
        #expect(FileStatus(at: backup) != nil, "the backup stays")
    }

    @Test("nothing is restored while somebody has the database open")
    func inUse() throws {
        try SQLiteBackup(file.location).write(to: backup)
        try database.add("three")
        let error = #expect(throws: BackupError.self) { _ = try restore() }
        #expect(error?.description.contains("stop the service") == true)
        #expect(try database.notes().count == 3)
        leave()
        _ = try restore()
        #expect(try file.open().notes().count == 2)
    }

    @Test("an earlier restore's database is not lost by the next one, unless that is wanted")
    func twice() throws {
        try SQLiteBackup(file.location).write(to: backup)
        leave()
        _ = try restore()
        let error = #expect(throws: BackupError.self) { _ = try restore() }
        #expect(error?.description.contains("--force") == true)
        #expect(try restore(isReplacing: true).kept == kept)
        #expect(try file.open().notes() == ["one", "two"])
    }

    @Test("where there is no database, one comes to be")
    func fresh() throws {
        try SQLiteBackup(file.location).write(to: backup)
        leave()
        for suffix in ["", "-wal", "-shm"] { unlink(file.path + suffix) }
        #expect(try restore() == SQLiteRestore.Outcome(schema: 2, kept: nil))
        #expect(try file.open().notes() == ["one", "two"])
    }

    @Test("a restore that was killed between the old database and the new one is completed by the next")
    func killed() throws {
        try SQLiteBackup(file.location).write(to: backup)
        try database.add("three")
        leave()
        #expect(rename(file.path, kept) == 0)
        #expect(try restore().schema == 2)
        #expect(try file.open().notes() == ["one", "two"])
        let old = Database(try DatabaseURL("sqlite:\(kept)"), migrations: file.migrations)
        #expect(try old.notes() == ["one", "two", "three"])
    }

    @Test("what is no backup of this service is refused, and nothing is changed")
    func refused() throws {
        leave()
        try SQLiteBackup(file.location).write(to: backup)
        func expectRefusal(_ path: String, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
            let error = #expect(throws: BackupError.self, sourceLocation: sourceLocation) { _ = try restore(path) }
            #expect(
                error?.description.contains(words) == true,
                "\(error?.description ?? "")",
                sourceLocation: sourceLocation
            )
        }
        expectRefusal(file.directory + "/missing.sqlite", "no backup")
        expectRefusal(file.path, "the database itself")

        let text = file.directory + "/text"
        try Data("no database at all, but long enough to be taken for one".utf8).write(to: URL(filePath: text))
        expectRefusal(text, "damaged")

        let foreign = try file.connect(to: file.directory + "/foreign.sqlite")
        try foreign.execute("CREATE TABLE other (id INTEGER)")
        expectRefusal(file.directory + "/foreign.sqlite", "another program")

        let cut = file.directory + "/cut.sqlite"
        let bytes = try Data(contentsOf: URL(filePath: backup))
        try Data(bytes.prefix(bytes.count - 8192)).write(to: URL(filePath: cut))
        expectRefusal(cut, "damaged")

        let others = [Migration(number: 1, name: "create_notes", sql: "CREATE TABLE note (id INTEGER) STRICT")]
        let error = #expect(throws: BackupError.self) {
            _ = try SQLiteRestore(file.location, migrations: others).restore(from: backup)
        }
        #expect(error?.description.contains("another text") == true)
        #expect(FileStatus(at: kept) == nil)
        #expect(try file.open().notes() == ["one", "two"])
    }

    @Test("a backup of an older release is restored, and says so by its schema")
    func older() throws {
        let older = try TemporaryDatabase([TemporaryDatabase.notes[0]])
        try SQLiteBackup(older.location).write(to: backup)
        leave()
        #expect(try restore().schema == 1)
        try file.migrate()
        #expect(try file.open().notes().isEmpty)
    }
}
