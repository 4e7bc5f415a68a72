import Glibc
import Linux

/// A copy of an SQLite database as it is at one moment, made while others read and write it.
///
/// It is `VACUUM INTO`: one transaction reads everything, so nobody waits for it, and no write makes it begin again. The copy
/// is one file without a log, and without the pages that the database does not use any more. While it is made the
/// write-ahead log cannot be begun anew, and grows with what is written meanwhile.
public struct SQLiteBackup {
    private let location: SQLiteLocation

    /// Of the database in a file.
    public init(_ location: SQLiteLocation) { self.location = location }

    /// Writes the copy to a file, which is there under its name only when all of it is on the disk. It has the permissions of
    /// the database.
    /// - Parameters:
    ///   - path: The file.
    ///   - isReplacing: Whether a file that is there is replaced.
    ///   - copying: Told where the copy is being written.
    public func write(
        to path: String,
        isReplacing: Bool = false,
        copying: (String) -> Void = { _ in }
    ) throws(BackupError) {
        let existing = FileStatus(of: path) ?? FileStatus(at: path)
        if let existing, existing.isSameFile(as: FileStatus(of: location.path)) {
            throw BackupError("\(path) is the database itself; name another file")
        }
        guard existing == nil || isReplacing else { throw Self.exists(path) }
        let partial = try makePartial(of: path)
        copying(partial.path)
        try copy(into: partial.path)
        do throws(SystemError) {
            try partial.place(isReplacing: isReplacing)
        } catch {
            throw error.code == EEXIST ? Self.exists(path) : BackupError(error, remedy: Self.remedy)
        }
    }

    /// Writes the copy to an open file, such as a pipe.
    /// - Parameters:
    ///   - descriptor: The open file.
    ///   - directory: Where the copy lies meanwhile; there has to be room for it.
    ///   - copying: Told where the copy is being written.
    public func write(
        toDescriptor descriptor: CInt,
        by directory: String,
        copying: (String) -> Void = { _ in }
    ) throws(BackupError) {
        let file = try nameless(in: directory, copying)
        do throws(SystemError) {
            try file.copyContent(to: descriptor)
        } catch {
            throw BackupError(error, remedy: "the reader has not got the whole backup: make it again")
        }
    }

    /// The copy as a file that has no name any more: nothing stays of it, however this process ends.
    private func nameless(in directory: String, _ copying: (String) -> Void) throws(BackupError) -> FileDescriptor {
        let partial = try makePartial(of: directory + "/backup.sqlite")
        copying(partial.path)
        try copy(into: partial.path)
        do throws(SystemError) {
            return try FileDescriptor.open(partial.path, O_RDONLY)
        } catch {
            throw BackupError(error, remedy: Self.remedy)
        }
    }

    private func makePartial(of path: String) throws(BackupError) -> PartialFile {
        do throws(SystemError) {
            return try PartialFile(of: path, like: location.path)
        } catch {
            throw BackupError(error, remedy: Self.remedy)
        }
    }

    private func copy(into path: String) throws(BackupError) {
        do throws(DatabaseError) {
            let timeout = BusyTimeout(longestWait: .seconds(60))
            let connection = try SQLiteConnection.open(location, for: .serving, busyTimeout: timeout)
            try connection.copy(into: path)
        } catch {
            throw BackupError(error)
        }
    }

    private static func exists(_ path: String) -> BackupError {
        BackupError("\(path) exists; name another file, or replace it with --force")
    }

    private static let remedy = "name a file in a directory that this user may write"
}

extension SQLiteConnection {
    /// Writes what the database holds at this moment into an empty file.
    func copy(into path: String) throws(DatabaseError) {
        let statement = try SQLiteStatement("VACUUM INTO :path", on: self)
        try statement.bind(path, at: 0)
        defer { statement.reset() }
        while try statement.step() {}
    }
}
