import CSQLite

/// File systems that other hosts write too. SQLite's locks and its shared write-ahead index do not hold there: two hosts
/// corrupt the database without an error (sqlite.org, "How To Corrupt An SQLite Database File", 2.1, and "WAL", 2.2).
public enum NetworkFilesystem {
    /// What to do when the database lies on one.
    public enum Policy: Sendable {
        /// Refuse to open it.
        case refused
        /// Open it: whoever says so knows that a single host mounts it and that its locks work.
        case allowed
    }

    /// The file system's name when the path lies on one that is shared over a network, nil for a local one.
    static func name(at path: String) -> String? {
        unsafe name(ofKind: UInt32(truncatingIfNeeded: csqlite_filesystem_kind(path)))
    }

    /// The same for a number that statfs(2) and linux/magic.h give to a kind of file system.
    static func name(ofKind kind: UInt32) -> String? {
        switch kind {
        case 0x6969: "NFS"
        case 0x517B, 0xFE53_4D42, 0xFF53_4D42: "SMB"
        case 0x6573_5546: "FUSE"
        case 0x0102_1997: "9P"
        case 0x5346_414F, 0x6B41_4653: "AFS"
        case 0x7375_7245: "Coda"
        case 0x00C3_6400: "Ceph"
        case 0x0116_1970: "GFS2"
        case 0x7461_636F: "OCFS2"
        case 0x0BD0_0BD0: "Lustre"
        default: nil
        }
    }

    static func refuse(_ location: SQLiteLocation) throws(DatabaseError) {
        guard let name = name(at: location.directory) else { return }
        throw .unavailable(
            reason: "\(location.directory) is a network file system (\(name)), on which SQLite loses data",
            remedy: "put the database on a local disk, or use PostgreSQL when several hosts need it"
        )
    }
}
