import HTTPServer
import Prefork

/// The other workers, as the engine sees them.
final class WorkerSiblings: HTTPServer.Siblings {
    private let siblings: Prefork.Siblings
    let mailbox: CInt

    /// - Returns: `nil` when the system granted no mailbox.
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
