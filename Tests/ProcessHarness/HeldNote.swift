import Glibc

/// A note that waits in its handler, because the test holds the database's lock.
struct HeldNote {
    let connection: Connection
    let database: Database

    init(in service: Service, id: String, query: String = "") throws {
        database = try Database(service.databasePath)
        try database.query("BEGIN IMMEDIATE")
        connection = try service.connect()
        var request = Note.write("held")
        request.target += query
        request.fields.append(("X-Request-ID", id))
        connection.send(request.bytes)
    }

    /// Waits until some thread of the worker sleeps between two tries for the lock.
    func isInHandler(of worker: pid_t) -> Bool { handlerThread(of: worker) != nil }

    /// The thread that does.
    func handlerThread(of worker: pid_t) -> pid_t? {
        var found: pid_t?
        _ = eventually(by: .after(5)) {
            found =
                ProcessTree.names(in: "/proc/\(worker)/task").lazy.filter {
                    ProcessTree.read("/proc/\(worker)/task/\($0)/wchan")?.contains("nanosleep") == true
                }.compactMap { pid_t($0) }.first
            return found != nil
        }
        return found
    }

    /// The same thread, in a worker that is stopped (SIGSTOP) while it sleeps: a signal that waits for it then finds it there
    /// when the worker goes on, and never in a try.
    func stoppedHandlerThread(of worker: pid_t) -> pid_t? {
        var found: pid_t?
        _ = eventually(by: .after(5)) {
            guard let thread = handlerThread(of: worker) else { return false }
            kill(worker, SIGSTOP)
            let task = "/proc/\(worker)/task/\(thread)"
            let isStopped = eventually(by: .after(5)) {
                ProcessTree.read(task + "/status")?.contains("State:\tT") == true
            }
            // The system call that it was in, by its number.
            if isStopped, ProcessTree.read(task + "/syscall")?.hasPrefix("\(Self.clockNanosleep) ") == true {
                found = thread
                return true
            }
            kill(worker, SIGCONT)
            return false
        }
        return found
    }

    #if arch(arm64)
        private static let clockNanosleep = 115
    #else
        private static let clockNanosleep = 230
    #endif
}
