import Glibc

extension SQLiteLocation {
    /// The least room for a transaction and its way through the write-ahead log, in bytes: some pages.
    private static let leastRoom = 64 * 1024

    /// What would keep a write from succeeding, as far as the file system tells without a try; nil when it knows of nothing.
    var obstacleToWriting: DatabaseError? {
        // The log and its index lie in the directory.
        for path in [path, directory] {
            guard unsafe faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 else { continue }
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
}
