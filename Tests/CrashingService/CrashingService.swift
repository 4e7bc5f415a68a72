import Glibc
import Linux
import Prefork

/// A service whose worker falls into one of Swift's traps as soon as it serves: what a handler with a bug does.
///
/// The first argument says which. The supervisor's notice of its exit goes to standard output, and ends the process.
@main
enum CrashingService {
    static func main() throws {
        let fault = ProcessStart.arguments.last ?? ""
        var configuration = SupervisorConfiguration(workers: 1)
        configuration.lanes = 2
        configuration.abortDelay = .zero
        let supervisor = Supervisor(
            configuration: configuration,
            listener: try Listener(on: .tcp(host: "127.0.0.1", port: 0)),
            notices: FirstExit(),
            worker: { worker in
                worker.becomeReady()
                return fault == "two-threads" ? Faults.stuck(in: worker) : Faults.commit(fault)
            }
        )
        throw Failure(code: supervisor.run().rawValue)
    }

    struct Failure: Error {
        let code: Int32
    }

    /// Prints how the first worker ended, and ends.
    private final class FirstExit: NoticeOutput {
        var blockedDescriptor: CInt? { nil }
        var keptLines: [String] { [] }
        func flush() {}
        func writeKept(_ lines: [String]) {}

        func write(_ notice: Notice) {
            guard notice.message == "worker exited" else { return }
            for name in ["how", "request", "otherRequests", "backtrace"] {
                if case .text(let text) = notice[name] { print(text) }
            }
            exit(0)
        }
    }
}
