import Glibc
import Linux

/// Who started the service and waits to hear that it is ready, such as systemd with `Type=notify` (sd_notify(3)).
///
/// Nothing here waits, and what cannot be said is not said: a service does not fail because nobody listens to it.
struct ServiceManager: ~Copyable {
    private let socket: FileDescriptor

    /// The one that the environment names; `nil` without any.
    init?() {
        guard let name = CurrentProcess.environment("NOTIFY_SOCKET"), !name.isEmpty,
            let address = name.hasPrefix("@") ? SocketAddress(abstractName: String(name.dropFirst())) : SocketAddress(path: name)
        else { return nil }
        let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return nil }
        do throws(SystemError) {
            try address.connect(descriptor)
        } catch {
            close(descriptor)
            return nil
        }
        socket = FileDescriptor(owning: descriptor)
    }

    /// Says what of a notice concerns it.
    func tell(_ notice: Notice) {
        switch notice.message {
        case "ready":
            var status = ""
            if case .integer(let workers)? = notice["workers"] { status = "\nSTATUS=\(workers) workers are ready" }
            send("READY=1" + status)
        case "stopping": send("STOPPING=1\nSTATUS=requests that were begun are finished")
        default: break
        }
    }

    private func send(_ text: String) {
        _ = unsafe Array(text.utf8).withUnsafeBytes { bytes in
            unsafe Glibc.send(socket.rawValue, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
        }
    }
}
