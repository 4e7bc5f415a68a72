import Linux

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
        guard let status = FileStatus(at: path), status.isSocket else { return nil }
        self.init(path: path, device: status.device, node: status.node)
    }

    /// Takes it away, if it is still the same.
    func remove() {
        if SocketFile(at: path) == self { SystemFile.remove(path) }
    }
}
