import Glibc
import Linux
import Prefork

/// A service whose workers send each other what stands for a connection, standard output, in moments at which the one it is
/// meant for does not read it any more. Whoever gets it says so on it.
///
/// The argument says which moment. Notices go to standard output too, and the service stops itself.
@main
enum PassingService {
    static func main() throws {
        let moment = Moment(rawValue: ProcessStart.arguments.last ?? "") ?? .death
        var configuration = SupervisorConfiguration(workers: moment == .upgrade ? 1 : 2)
        configuration.lanes = 2
        configuration.bootTimeout = .seconds(60)
        let hasDied = try EventFD()
        let supervisor = Supervisor(
            configuration: configuration,
            listener: try Listener.open(.tcp(host: "127.0.0.1", port: 0)),
            notices: PrintedNotices(),
            worker: { worker in PassingWorker(worker: worker, moment: moment, hasDied: hasDied).run() }
        )
        exit(supervisor.run().rawValue)
    }
}

/// When a connection is sent to a worker that does not read it.
enum Moment: String {
    /// It dies, and its successor takes its time.
    case death
    /// It has left, and its slot stays vacant.
    case shrink
    /// Everybody leaves, and it was the first.
    case stop
    /// The sender is of a former program, which leaves.
    case upgrade
}

private final class PrintedNotices: NoticeOutput {
    var blockedDescriptor: CInt? { nil }
    var keptLines: [String] { [] }
    func flush() {}
    func writeKept(_ lines: [String]) {}
    func write(_ notice: Notice) { SystemFile.write("\(notice.message)\n", to: STDOUT_FILENO) }
}

struct PassingWorker {
    let worker: Worker
    let moment: Moment
    /// Whether the worker that was to die has.
    let hasDied: EventFD

    func run() -> Int32 {
        worker.siblings.publish(connections: 0, freeThreads: 1, waiting: 0)
        if moment == .death, worker.number == 2 { return dieOrBootForEver() }
        worker.becomeReady()
        // A preflight only shows that it can.
        guard worker.listener != nil else { return leave() }
        switch moment {
        case .death:
            waitUntil { isReady(1) }
            send(to: 1)
        case .shrink where worker.number == 1:
            waitUntil { isReady(1) }
            kill(getppid(), SIGTTOU)
            waitUntil { worker.scoreboard.slot(1).phase == .vacant }
            send(to: 1)
        case .stop where worker.number == 1 && !worker.isLast:
            waitUntil { isReady(1) }
            kill(getppid(), SIGTERM)
            waitUntil { worker.scoreboard.slot(1).phase == .vacant }
            send(to: 1)
            // Without a look into its own mailbox, to which the supervisor may have sent it on.
            return 0
        case .upgrade where worker.generation == 1:
            kill(getppid(), SIGUSR2)
            waitUntil { isReady(1) }
            send(to: 1)
        case .shrink, .stop, .upgrade: break
        }
        return serve()
    }

    private func dieOrBootForEver() -> Int32 {
        guard !Poll.isReady(hasDied.rawValue, .read), let mailbox = worker.siblings.mailbox else { return leave() }
        worker.becomeReady()
        waitUntil { Poll.isReady(mailbox, .read) }
        hasDied.signal()
        // Without a word, and with a successor at once.
        kill(getpid(), SIGKILL)
        return 1
    }

    /// Until told to leave.
    private func leave() -> Int32 {
        waitUntil { Poll.isReady(worker.shutdown, .read) }
        return 0
    }

    private func serve() -> Int32 {
        while !Poll.isReady(worker.shutdown, .read) {
            readMailbox()
            wait()
        }
        readMailbox()
        return 0
    }

    /// Answers what was sent here, and stops the service.
    private func readMailbox() {
        guard let mailbox = worker.siblings.mailbox else { return }
        var reader = MessageReader()
        while let message = reader.receive(on: mailbox) {
            guard let connection = message.descriptor else { continue }
            let text = String(decoding: message.bytes, as: UTF8.self)
            SystemFile.write("\(text) is answered in generation \(worker.generation)\n", to: connection)
            if !worker.isLast { kill(getppid(), SIGTERM) }
        }
    }

    private func send(to slot: Int) {
        let message = Array("what was sent".utf8)
        guard worker.siblings.send(message.span.bytes, STDOUT_FILENO, to: slot) else {
            SystemFile.write("it could not be sent\n", to: STDOUT_FILENO)
            return
        }
    }

    private func isReady(_ slot: Int) -> Bool {
        var isReady = false
        worker.siblings.forEach { isReady = isReady || $0.slot == slot }
        return isReady
    }

    /// The scoreboard is looked at again and again: nobody says when it changes.
    private func waitUntil(_ condition: () -> Bool) {
        while !condition() { wait() }
    }

    private func wait() { usleep(1000) }
}
