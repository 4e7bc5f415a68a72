import Glibc
import Linux

/// Making a unix socket that listens (unix(7)), without ever taking a live one away.
enum UnixSocket {
    static func listen(path: String, backlog: Int) throws(ListenerError) -> FileDescriptor {
        guard let address = SocketAddress(path: path) else { throw .pathTooLong(path) }
        do throws(SystemError) {
            // Two services that start at once must not both find the same stale socket and the second remove what the first
            // has just made. The directory is the lock, so none has to be left behind.
            let directory = try FileDescriptor.open(parent(of: path), O_RDONLY | O_DIRECTORY)
            while flock(directory.rawValue, LOCK_EX) != 0 && errno == EINTR {}

            switch try occupant(of: path, address) {
            case .none: break
            case .staleSocket: SystemFile.remove(path)
            case .liveSocket: throw SystemError("bind", code: EADDRINUSE)
            case .somethingElse: throw SystemError("bind", code: ENOTSOCK)
            }
            let socket = try FileDescriptor.streamSocket(family: AF_UNIX)
            try address.bind(socket.rawValue)
            do throws(SystemError) {
                try socket.listen(backlog: backlog)
            } catch {
                SystemFile.remove(path)
                throw error
            }
            return socket
        } catch {
            if error.code == ENOTSOCK { throw .notASocket(path: path) }
            throw ListenerError(.unix(path: path), error)
        }
    }

    /// Whether a socket could be made there.
    static func inspect(path: String) throws(ListenerError) {
        guard let address = SocketAddress(path: path) else { throw .pathTooLong(path) }
        do throws(SystemError) {
            guard unsafe access(parent(of: path), W_OK | X_OK) == 0 else { throw SystemError("bind") }
            switch try occupant(of: path, address) {
            case .none, .staleSocket: break
            case .liveSocket: throw SystemError("bind", code: EADDRINUSE)
            case .somethingElse: throw SystemError("bind", code: ENOTSOCK)
            }
        } catch {
            if error.code == ENOTSOCK { throw .notASocket(path: path) }
            throw ListenerError(.unix(path: path), error)
        }
    }

    /// What lies at a path.
    private enum Occupant {
        case none, staleSocket, liveSocket, somethingElse
    }

    private static func occupant(of path: String, _ address: SocketAddress) throws(SystemError) -> Occupant {
        guard let status = FileStatus(at: path) else { return .none }
        guard status.isSocket else { return .somethingElse }
        let probe = try FileDescriptor.streamSocket(family: AF_UNIX)
        do throws(SystemError) {
            try address.connect(probe.rawValue)
            return .liveSocket
        } catch {
            return error.code == ECONNREFUSED ? .staleSocket : .liveSocket
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
