import Glibc

/// What the system says about a file (stat(2)).
public struct FileStatus: Equatable, Sendable {
    /// The file's identity: no two files have both numbers at the same time.
    public let device: UInt64
    /// The inode's number on its device.
    public let node: UInt64
    /// Bytes.
    public let size: Int
    /// When its content changed last: seconds and nanoseconds since 1970.
    public let modified: [Int]
    /// Whether it is a unix socket.
    public let isSocket: Bool
    /// Whether every user of the host may read it, if they get there.
    public let isReadableByAll: Bool

    /// Of what is at a path, a symbolic link itself (lstat(2)). `nil` when there is nothing, or nothing may be known.
    public init?(at path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of an open file (fstat(2)). `nil` when it cannot be told.
    public init?(of descriptor: CInt) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of what a path leads to, through symbolic links (stat(2)). `nil` when there is nothing, or nothing may be known.
    public init?(of path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Whether both are of one file.
    public func isSameFile(as other: FileStatus?) -> Bool { device == other?.device && node == other?.node }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
        size = Int(status.st_size)
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
        isReadableByAll = status.st_mode & S_IROTH != 0
    }
}
