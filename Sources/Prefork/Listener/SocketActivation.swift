import Glibc
import Linux

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
                // A preflight must leave the listener as it is: the service goes on with it.
                isShared: handover.listenerIsShared || handover.role == .preflight,
                file: handover.file
            )
        }
        if CurrentProcess.environment(Handover.variable) != nil {
            throw .badInheritance("the handover of an upgrade cannot be read")
        }
        let offered = try SocketActivation.offered(
            pid: getpid(),
            listenPID: CurrentProcess.environment("LISTEN_PID"),
            listenFDs: CurrentProcess.environment("LISTEN_FDS")
        )
        guard let offered else { return nil }
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { CurrentProcess.setEnvironment(name, to: nil) }
        guard offered == 1 else { throw .badInheritance("it passes \(offered) of them") }
        return try Listener(adopting: SocketActivation.firstDescriptor, isShared: true)
    }

    /// The listener of a ``Companion``: the former program's in an upgrade, when it is on this address, else a new one.
    public static func openForCompanion(_ address: ListenAddress) throws(ListenerError) -> Listener {
        let former = HandoverFile.received?.handover.companionListener ?? -1
        if former >= 0, address.isBound(by: former) { return try Listener(adopting: former, isShared: false) }
        return try Listener(on: address)
    }

    /// A listener from a socket that listens already, which it owns from now on. One that cannot be taken is left open.
    convenience init(
        adopting descriptor: CInt,
        isShared: Bool,
        file: SocketFile? = nil
    ) throws(ListenerError) {
        guard FileDescriptor.option(SO_ACCEPTCONN, of: descriptor) == 1 else {
            throw .badInheritance("descriptor \(descriptor) does not listen")
        }
        guard FileDescriptor.option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue) else {
            throw .badInheritance("descriptor \(descriptor) is not a stream socket")
        }
        guard let address = ListenAddress(boundBy: descriptor) else {
            throw .badInheritance("descriptor \(descriptor) is neither TCP nor a unix socket")
        }
        let socket = FileDescriptor(owning: descriptor)
        socket.isInheritable = false
        socket.makeNonBlocking()
        self.init(socket: socket, address: address, isShared: isShared, file: file)
    }
}
