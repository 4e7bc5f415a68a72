import CLinux
import Glibc

/// Making a unix socket that listens (unix(7)), without ever taking a live one away.
enum UnixSocket {
    static func listen(path: String, backlog: CInt) throws(ListenerError) -> (CInt, SocketFile?) {
        let address = ListenAddress.unix(path: path)
        guard let socketAddress = SocketAddress(path: path) else { throw .pathTooLong(path) }

        // Two services that start at once must not both find the same stale socket and the second remove what the first
        // has just made. The directory is the lock, so none has to be left behind.
        let directory = unsafe Glibc.open(parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw ListenerError(address, call: "open") }
        defer { Glibc.close(directory) }
        while flock(directory, LOCK_EX) != 0 && errno == EINTR {}

        try removeStaleSocket(path: path, socketAddress)
        let descriptor = try open(address)
        guard socketAddress.bind(descriptor) == 0 else {
            let error = ListenerError(address, call: "bind")
            Glibc.close(descriptor)
            throw error
        }
        guard Glibc.listen(descriptor, backlog) == 0 else {
            let error = ListenerError(address, call: "listen")
            unsafe unlink(path)
            Glibc.close(descriptor)
            throw error
        }
        return (descriptor, SocketFile(at: path))
    }

    private static func removeStaleSocket(path: String, _ socketAddress: SocketAddress) throws(ListenerError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
        let probe = try open(.unix(path: path))
        defer { Glibc.close(probe) }
        let isStale = socketAddress.connect(probe) != 0 && errno == ECONNREFUSED
        guard isStale else { throw .addressInUse(.unix(path: path)) }
        unsafe unlink(path)
    }

    private static func open(_ address: ListenAddress) throws(ListenerError) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw ListenerError(address, call: "socket") }
        return descriptor
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
