import Glibc

/// A unix socket's entry in the file system, remembered by its identity: another process may have replaced it since.
struct SocketFile: Sendable, Equatable {
    var path: String
    var device: UInt64
    var node: UInt64

    init(path: String, device: UInt64, node: UInt64) {
        self.path = path
        self.device = device
        self.node = node
    }

    /// What is at a path now, when it is a socket.
    init?(at path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
    }

    /// Takes it away, if it is still the same.
    func remove() {
        if SocketFile(at: path) == self { unsafe unlink(path) }
    }
}
