import Glibc
import HTTPServer
import Prefork

/// What HttpArena and Http11Probe ask of a server: `Arena [PORT] [WORKERS] [DATA]`.
///
/// Without arguments it listens on port 8080, with a worker for each processor, and reads `/data`.
@main
enum Arena {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().map { String($0) }
        let port = arguments.first.flatMap { UInt16($0) } ?? 8080
        let workers = arguments.count > 1 ? Int(arguments[1]) ?? 1 : ProcessorBudget.current.workers
        let data = arguments.count > 2 ? arguments[2] : "/data"

        var limits = ServerConfiguration()
        // The longest upload, which the route reads piece by piece.
        limits.maxBodySize = 25 * 1024 * 1024
        var router = Router()
        router.addArena(items: try Item.read(from: data + "/dataset.json"), files: data + "/static")
        router.addProbe()
        let server = (limits: limits, router: router)

        var configuration = SupervisorConfiguration(workers: max(workers, 1))
        configuration.lanes = limits.threadCount
        let supervisor = Supervisor(
            configuration: configuration,
            listener: try Listener(on: .tcp(host: "::", port: port)),
            notices: StandardError(),
            worker: { worker in
                do {
                    try Server(
                        configuration: server.limits,
                        router: server.router,
                        siblings: WorkerSiblings(worker.siblings)
                    ).run(
                        listener: worker.listener,
                        shutdown: worker.shutdown,
                        whenReady: worker.becomeReady,
                        isLast: { worker.isLast }
                    )
                    return 0
                } catch {
                    return 1
                }
            }
        )
        exit(supervisor.run().rawValue)
    }
}

/// What the supervisor has to say, as lines.
final class StandardError: NoticeOutput {
    var blockedDescriptor: CInt? { nil }
    var keptLines: [String] { [] }
    func flush() {}
    func writeKept(_ lines: [String]) {}

    func write(_ notice: Notice) {
        let line = notice.message + "\n"
        _ = line.utf8CString.withUnsafeBytes { bytes in unsafe Glibc.write(2, bytes.baseAddress, bytes.count - 1) }
    }
}

/// The other workers, as the engine sees them.
final class WorkerSiblings: HTTPServer.Siblings {
    private let siblings: Prefork.Siblings
    let mailbox: CInt

    init?(_ siblings: Prefork.Siblings) {
        guard let mailbox = siblings.mailbox else { return nil }
        self.siblings = siblings
        self.mailbox = mailbox
    }

    func publish(_ load: ServerLoad) {
        siblings.publish(
            connections: load.connections,
            freeThreads: load.freeThreads,
            waiting: load.waiting,
            running: load.running
        )
    }

    func forEach(_ body: (Int, ServerLoad) -> Void) {
        siblings.forEach { sibling in
            let load = ServerLoad(
                connections: sibling.connections,
                freeThreads: sibling.freeThreads,
                waiting: sibling.waiting
            )
            body(sibling.slot, load)
        }
    }

    func underway(to sibling: Int) -> Int { siblings.underway(to: sibling) }

    func send(_ message: RawSpan, _ descriptor: CInt?, to sibling: Int) -> Bool {
        siblings.send(message, descriptor, to: sibling)
    }
}
