import Glibc

/// A TCP socket of the test that listens on a free port, such as systemd holds one for a service.
final class ListeningSocket: Sendable {
    let descriptor: CInt
    let port: UInt16

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1024) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard listens else {
            let code = errno
            close(descriptor)
            throw Spawned.Failure(description: "no listening socket: errno \(code)")
        }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    /// The next connection, for the caller to close.
    func accept(by deadline: Deadline = .generous) throws -> CInt {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, CInt(deadline.secondsLeft * 1000)) == 1 else {
            throw Spawned.Failure(description: "nobody connects to port \(port)")
        }
        let connection = Glibc.accept(descriptor, nil, nil)
        guard connection >= 0 else { throw Spawned.Failure(description: "cannot accept: errno \(errno)") }
        // A process that a test starts meanwhile must not keep it open.
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        return connection
    }

    deinit { close(descriptor) }
}
