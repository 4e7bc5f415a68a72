import CLinux
import Glibc

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
    /// - Parameters:
    ///   - option: Such as `SO_REUSEADDR`.
    ///   - level: `SOL_SOCKET` unless said.
    ///   - value: What it is set to.
    public func setOption(_ option: CInt, level: CInt? = nil, to value: CInt) throws(SystemError) {
        var value = value
        let size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe setsockopt(rawValue, level ?? SOL_SOCKET, option, &value, size) == 0 else {
            throw SystemError("setsockopt")
        }
    }

    /// getsockopt(2) of an option that is a number. `nil` when it has none.
    public func option(_ option: CInt, level: CInt? = nil) -> CInt? {
        Self.option(option, level: level, of: rawValue)
    }

    /// getsockopt(2) of a socket that somebody else owns. `nil` when it is none, or has no such option.
    public static func option(_ option: CInt, level: CInt? = nil, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(descriptor, level ?? SOL_SOCKET, option, &value, &size) == 0 ? value : nil
    }

    /// Has the kernel end each connection of a listening socket whose peer takes nothing that was sent to it for so long (tcp(7),
    /// TCP_USER_TIMEOUT). Other sockets than those of TCP have no such limit.
    /// - Parameters:
    ///   - timeout: For so long.
    ///   - listener: A socket that somebody else owns.
    public static func limitUnreadTime(to timeout: Duration, of listener: CInt) {
        var milliseconds = CInt(clamping: timeout.nanoseconds / 1_000_000)
        let size = socklen_t(MemoryLayout<CInt>.size)
        _ = unsafe setsockopt(listener, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, size)
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

/// A socket that listens.
extension FileDescriptor {
    /// From now on the kernel finds nobody who listens and refuses every new TCP connection, while handshakes under way still
    /// finish and connections in the queue can still be accepted (socket(7), SO_BINDTOIFINDEX).
    /// - Throws: When the kernel does not allow it: before 5.7 it takes a privilege.
    public func refuseNewConnections() throws(SystemError) {
        guard clinux_refuse_new_connections(rawValue) == 0 else { throw SystemError("setsockopt") }
    }

    /// How many connections wait to be accepted (tcp(7), TCP_INFO). Unix sockets do not count: 1 means at least one.
    public var waitingConnections: Int {
        let count = clinux_waiting_connections(rawValue)
        if count >= 0 { return Int(count) }
        return Poll.isReady(rawValue, .read) ? 1 : 0
    }

    /// How many TCP handshakes to a local port the kernel has answered but not finished: connections about to wait
    /// (sock_diag(7)). 0 where it cannot tell.
    public static func unfinishedHandshakes(port: UInt16) -> Int { Int(clinux_unfinished_handshakes(port)) }
}
