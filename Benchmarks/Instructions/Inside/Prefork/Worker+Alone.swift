import Glibc
import Linux

extension Worker {
    /// A worker without a supervisor, for as long as the process lives.
    public static func alone() throws -> Worker {
        CurrentProcess.setTitle("worker alone")
        let scoreboard = try Scoreboard()
        let listener = Unmanaged.passRetained(try Listener(on: .tcp(host: "127.0.0.1", port: 0)))
        return Worker(
            number: 1,
            generation: 1,
            isPreflight: false,
            listener: unsafe listener.takeUnretainedValue().descriptor,
            slot: scoreboard.slot(0),
            scoreboard: scoreboard,
            siblings: Siblings(of: scoreboard.slot(0), on: scoreboard, Mailboxes()),
            supervisor: getppid(),
            shutdownEvent: try EventFD(),
            wakeup: try EventFD()
        )
    }
}
