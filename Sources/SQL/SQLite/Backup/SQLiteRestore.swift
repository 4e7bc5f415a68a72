import Glibc
import Linux

/// Puts a backup in an SQLite database's place.
///
/// Only while nobody has the database open, least of all the process that restores: looking at the file takes SQLite's locks
/// away from its own connections (fcntl(2), "Advisory record locking"). The backup is checked first; then a copy of it is
/// made beside the database, and takes its name. The replaced database is kept with its write-ahead log as
/// `<database>.before-restore`.
///
/// Whoever opens the database finds the old one or the whole new one, or for a moment none: the old log must never lie beside
/// the new file, which SQLite would take it to belong to. A restore that was killed in that moment is to be run again.
public struct SQLiteRestore {
    /// What came of it.
    public struct Outcome: Hashable, Sendable {
        /// The number of the newest migration that the backup has been through.
        public let schema: Int

        /// Where the replaced database is; `nil` when there was none.
        public let kept: String?
    }

    /// The database, without symbolic links: its log lies beside it.
    private let path: String
    private let migrations: [Migration]

    /// Into the place of the database in a file.
    /// - Parameters:
    ///   - location: Where the database is, or was.
    ///   - migrations: Those of this release, which the backup must not contradict.
    public init(_ location: SQLiteLocation, migrations: [Migration]) {
        path = SystemFile.resolve(location.path) ?? location.path
        self.migrations = migrations
    }

    /// Restores the backup in a file, which stays where it is.
    /// - Parameters:
    ///   - file: The backup.
    ///   - isReplacing: Whether the database that an earlier restore kept may be deleted.
    ///   - step: Told what is being done: a sentence for an operator.
    public func restore(
        from file: String,
        isReplacing: Bool = false,
        step: (String) -> Void = { _ in }
    ) throws(BackupError) -> Outcome {
        guard let status = FileStatus(of: file), status.size > 0 else {
            throw BackupError("there is no backup at \(file), or it is empty; name one that `backup` has made")
        }
        guard !status.isSameFile(as: FileStatus(of: path)) else {
            throw BackupError("\(file) is the database itself; name a backup")
        }
        let exclusion = try excludeOthers()
        defer { withExtendedLifetime(exclusion) {} }
        if !isReplacing, exists(path), exists(kept) {
            throw BackupError("\(kept) of an earlier restore would be lost; move it away, or delete it with --force")
        }
        do {
            let backup = try SQLiteConnection.open(
                SQLiteLocation(path: file),
                for: .reading,
                busyTimeout: BusyTimeout(longestWait: .seconds(5))
            )
            step("checking the backup")
            let schema = try check(backup)
            try Directory.create(SQLiteLocation.parent(of: path))
            let partial = try PartialFile(of: path, like: exists(path) ? path : file)
            step("copying the backup")
            try backup.copy(into: partial.path)
            let hadDatabase = try keepReplaced()
            try partial.place(isReplacing: true)
            return Outcome(schema: schema, kept: hadDatabase ? kept : nil)
        } catch DatabaseError.unavailable(let reason, _) {
            throw BackupError("\(reason); name a backup of this service, in a directory that this user may read")
        } catch DatabaseError.corrupted(let detail) {
            throw BackupError("the backup \(file) is damaged, or no database: \(detail); take another one")
        } catch {
            throw BackupError(error)
        }
    }

    // MARK: The backup

    /// - Returns: The number of the newest migration it has been through.
    private func check(_ backup: SQLiteConnection) throws -> Int {
        if let fault = try backup.text("PRAGMA integrity_check"), fault != "ok" {
            throw BackupError("the backup \(backup.location.path) is damaged (\(fault)); take an older one")
        }
        guard let history = try SchemaHistory.read(backup), let newest = history.last else {
            throw BackupError("the backup \(backup.location.path) holds no data of this service; name another")
        }
        try SchemaHistory.requireUnchanged(history, migrations, for: .sqlite)
        return newest.number
    }

    // MARK: The replaced database

    private var kept: String { path + ".before-restore" }

    /// SQLite's locks on a database's file: whoever has it open in this mode of journal holds one of these bytes shared for as
    /// long as that lasts (sqlite.org, "File Format", 1.3, "The Lock-Byte Page").
    private static let lockBytes: Range<Int64> = 0x4000_0000..<0x4000_0200

    /// Keeps others from opening the database until the value ends.
    private func excludeOthers() throws(BackupError) -> FileLock? {
        guard exists(path) else { return nil }
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, O_RDWR)
            if let lock = try FileLock.take(file, bytes: Self.lockBytes) { return lock }
        } catch {
            throw BackupError(error, remedy: "run this as the user that runs the service")
        }
        throw BackupError(
            "\(path) is in use: stop the service, and whatever else has the database open, then restore"
        )
    }

    /// Moves the database and its log out of the way.
    /// - Returns: Whether there was a database.
    private func keepReplaced() throws(SystemError) -> Bool {
        let hadDatabase = exists(path)
        if hadDatabase {
            SystemFile.remove(kept + "-wal")
            SystemFile.remove(kept + "-shm")
            try move(path, to: kept)
        }
        // Also where there was no database: a restore was killed here, and this is the log of the one it kept.
        if exists(path + "-wal"), !exists(kept + "-wal") { try move(path + "-wal", to: kept + "-wal") }
        SystemFile.remove(path + "-wal")
        SystemFile.remove(path + "-shm")
        try SystemFile.flushDirectory(of: path)
        return hadDatabase
    }

    private func move(_ path: String, to target: String) throws(SystemError) {
        guard unsafe rename(path, target) == 0 else { throw SystemError("rename \(path) to \(target)") }
    }

    private func exists(_ path: String) -> Bool { FileStatus(of: path) != nil }
}
