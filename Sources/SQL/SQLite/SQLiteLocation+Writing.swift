import Glibc
import Synchronization

extension SQLiteLocation {
    /// The least room for a transaction and its way through the write-ahead log, in bytes: some pages.
    private static let leastRoom = 64 * 1024

    /// What would keep a write from succeeding, as far as the file system tells without a try; nil when it knows of nothing.
    var obstacleToWriting: DatabaseError? {
        // The log and its index lie in the directory; they need not be there yet.
        let files = [(path, true), (directory, true), (path + "-wal", false), (path + "-shm", false)]
        for (path, mustExist) in files {
            guard unsafe faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0, mustExist || errno != ENOENT else {
                continue
            }
            return .readOnly("\(path) may not be written: \(unsafe String(cString: strerror(errno)))")
        }
        var status = statvfs()
        guard unsafe statvfs(directory, &status) == 0 else { return nil }
        // What is kept back for root is no room for others.
        let blocks = geteuid() == 0 ? status.f_bfree : status.f_bavail
        let room = blocks.multipliedReportingOverflow(by: status.f_frsize)
        guard !room.overflow, room.partialValue < Self.leastRoom else { return nil }
        // Without the exact number: as long as it is too little, the obstacle is the same.
        return .full("fewer than \(Self.leastRoom) bytes are left under \(directory)")
    }

    /// Whether this process has opened a database that could only be read.
    private static let hasOpenedUnwritable = Atomic(false)

    /// A connection was opened now.
    func noteOpened() {
        if case .readOnly? = obstacleToWriting { Self.hasOpenedUnwritable.store(true, ordering: .relaxed) }
    }

    /// Whether nothing keeps others from writing, while this process may be kept from it: its connections share the log's index
    /// (unixShmNode in SQLite's os_unix.c), and what was opened for reading stays so until the last of them is closed.
    var isBarredFromWriting: Bool {
        Self.hasOpenedUnwritable.load(ordering: .relaxed) && obstacleToWriting == nil
    }
}
