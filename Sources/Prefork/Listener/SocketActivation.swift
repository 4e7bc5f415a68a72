import CLinux
import Glibc

/// A listening socket passed by who started this process, as systemd does (sd_listen_fds(3)).
enum SocketActivation {
    /// The first passed descriptor.
    static let firstDescriptor: CInt = 3

    /// How many sockets were passed to a process with this id: `nil` when none were meant for it.
    static func offered(pid: CInt, listenPID: String?, listenFDs: String?) throws(ListenerError) -> Int? {
        guard let listenPID, let listenFDs, CInt(listenPID) == pid else { return nil }
        guard let count = Int(listenFDs), count >= 0 else {
            throw .badInheritance("LISTEN_FDS is \"\(listenFDs)\", not a number")
        }
        return count == 0 ? nil : count
    }
}

extension Listener {
    /// The listener that was passed by `LISTEN_FDS` and `LISTEN_PID`, or handed over by an upgrade. `nil` when none was.
    ///
    /// Takes the variables out of the environment, so that no other program believes they were meant for it.
    public static func inherited() throws(ListenerError) -> Listener? {
        if let handover = HandoverFile.received?.handover {
            return try Listener(
                adopting: handover.listener,
                // A rehearsal must leave the listener as it is: the service goes on with it.
                isShared: handover.listenerIsShared || handover.role == .rehearsal,
                file: handover.file
            )
        }
        if environmentValue(Handover.variable) != nil {
            throw .badInheritance("the handover of an upgrade cannot be read")
        }
        let offered = try SocketActivation.offered(
            pid: getpid(),
            listenPID: environmentValue("LISTEN_PID"),
            listenFDs: environmentValue("LISTEN_FDS")
        )
        guard let offered else { return nil }
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        guard offered == 1 else { throw .badInheritance("it passes \(offered) of them") }
        return try Listener(adopting: SocketActivation.firstDescriptor, isShared: true)
    }

    /// A listener from a socket that listens already.
    convenience init(
        adopting descriptor: CInt,
        isShared: Bool,
        file: SocketFile? = nil
    ) throws(ListenerError) {
        guard Self.option(SO_ACCEPTCONN, of: descriptor) == 1 else {
            throw .badInheritance("descriptor \(descriptor) does not listen")
        }
        guard Self.option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue) else {
            throw .badInheritance("descriptor \(descriptor) is not a stream socket")
        }
        guard let address = SocketAddress.local(of: descriptor) else {
            throw .badInheritance("descriptor \(descriptor) is neither TCP nor a unix socket")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        self.init(descriptor: descriptor, address: address, isShared: isShared, file: file)
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}

/// A variable of this process's environment.
func environmentValue(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}
