import Glibc

/// Which file is a database: another one at the same path is another database.
struct DatabaseFile: Hashable, Sendable {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// The one that lies at a location now.
    init(at location: SQLiteLocation) {
        var status = stat()
        if unsafe stat(location.path, &status) != 0 { status = stat() }
        (path, device, inode) = (location.path, status.st_dev, status.st_ino)
    }
}
