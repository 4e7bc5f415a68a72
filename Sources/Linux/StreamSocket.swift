public import Glibc

/// A socket that carries connections, TCP or unix: the calls that make it and set it up.
extension FileDescriptor {
    /// A new one, closed on exec (socket(2)).
    /// - Parameters:
    ///   - family: as ``SocketAddress/family``.
    ///   - isNonBlocking: whether its calls do not wait.
    public static func streamSocket(family: CInt, isNonBlocking: Bool = true) throws(SystemError) -> FileDescriptor {
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | (isNonBlocking ? SOCK_NONBLOCK.rawValue : 0)
        return try FileDescriptor(socket(family, CInt(kind), 0), of: "socket")
    }

    /// listen(2).
    /// - Parameter backlog: How many connections may wait to be accepted; the kernel may allow fewer.
    public func listen(backlog: Int) throws(SystemError) {
        guard Glibc.listen(rawValue, CInt(clamping: backlog)) == 0 else { throw SystemError("listen") }
    }

    /// setsockopt(2) of an option that is a number.
    public func setOption(_ option: CInt, level: CInt = SOL_SOCKET, to value: CInt) throws(SystemError) {
        var value = value
        let size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe setsockopt(rawValue, level, option, &value, size) == 0 else { throw SystemError("setsockopt") }
    }

    /// getsockopt(2) of an option that is a number. `nil` when it has none.
    public func option(_ option: CInt, level: CInt = SOL_SOCKET) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(rawValue, level, option, &value, &size) == 0 ? value : nil
    }

    /// How long a call that sends, and one that receives, may wait (SO_SNDTIMEO, SO_RCVTIMEO).
    public func setTimeout(_ timeout: Duration) throws(SystemError) {
        let (seconds, attoseconds) = timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard unsafe setsockopt(rawValue, SOL_SOCKET, SO_RCVTIMEO, &limit, size) == 0,
            unsafe setsockopt(rawValue, SOL_SOCKET, SO_SNDTIMEO, &limit, size) == 0
        else { throw SystemError("setsockopt") }
    }
}
