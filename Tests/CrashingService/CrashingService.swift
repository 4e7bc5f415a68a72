import Glibc
import Prefork

/// A service whose worker falls into one of Swift's traps as soon as it serves: what a handler with a bug does.
///
/// The first argument says which. The supervisor's notice of the death goes to standard output, and ends the process.
@main
enum CrashingService {
    static func main() throws {
        let fault = ProcessStart.arguments.last ?? ""
        let supervisor = Supervisor(
            configuration: SupervisorConfiguration(workers: 1),
            listener: try Listener(on: .tcp(host: "127.0.0.1", port: 0)),
            notices: FirstDeath(),
            worker: { worker in
                worker.becomeReady()
                return Faults.commit(fault)
            }
        )
        throw Failure(code: supervisor.run().rawValue)
    }

    struct Failure: Error {
        let code: Int32
    }

    /// Prints how the first worker ended, and ends.
    private final class FirstDeath: NoticeOutput {
        var blockedDescriptor: CInt? { nil }
        var keptLines: [String] { [] }
        func flush() {}
        func writeKept(_ lines: [String]) {}

        func write(_ notice: Notice) {
            guard notice.message == "worker exited" else { return }
            for case .text(let text) in [notice["how"], notice["backtrace"]] { print(text) }
            exit(0)
        }
    }
}
