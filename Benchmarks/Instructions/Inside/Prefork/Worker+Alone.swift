import CLinux
import Glibc

extension Worker {
    /// A worker without a supervisor, for as long as the process lives.
    public static func alone() throws -> Worker {
        unsafe clinux_set_process_title("worker alone")
        let scoreboard = try Scoreboard()
        let listener = Unmanaged.passRetained(try Listener(on: .tcp(host: "127.0.0.1", port: 0)))
        return Worker(
            number: 1,
            generation: 1,
            listener: unsafe listener.takeUnretainedValue().descriptor,
            shutdown: try EventDescriptor.open(),
            slot: scoreboard.slot(0),
            scoreboard: scoreboard,
            supervisor: getppid(),
            poke: try EventDescriptor.open()
        )
    }
}
