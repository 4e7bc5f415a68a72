import Linux

/// Puts what the threads of this process have committed to one database on the disk. Those that commit while it is being
/// written share the next write: so many bookings at the same time take hardly longer than one.
final class LogFlush: Sendable {
    /// One that waits for its commit to be on the disk.
    private final class Waiter: Sendable {
        let commit: UInt64
        let semaphore = Semaphore()
        private let answer = Lock(Answer.flushed)

        enum Answer {
            case flushed
            /// SQLite's result code.
            case failed(Int32)
            /// It is to see to the next write itself.
            case leads
        }

        init(_ commit: UInt64) { self.commit = commit }

        func wait() -> Answer {
            semaphore.wait()
            return answer.withLock { $0 }
        }

        func tell(_ answer: Answer) {
            self.answer.withLock { $0 = answer }
            semaphore.signal()
        }
    }

    private struct State {
        /// How many commits there were.
        var commits: UInt64 = 0
        var isFlushing = false
        var waiting: [Waiter] = []
    }

    private let state = Lock(State())

    private static let flushes = Lock<[DatabaseFile: LogFlush]>([:])

    /// That of a database.
    static func of(_ file: DatabaseFile) -> LogFlush {
        flushes.withLock { flushes in
            if let flush = flushes[file] { return flush }
            let flush = LogFlush()
            flushes[file] = flush
            return flush
        }
    }

    /// Returns when what the calling thread has committed is on the disk.
    /// - Parameter flush: Writes the log to the disk, all of it, and returns SQLite's result code.
    /// - Returns: The result code of the write that had the commit in it.
    func wait(flush: () -> Int32) -> Int32 {
        let waiter: Waiter? = state.withLock { state in
            state.commits += 1
            guard state.isFlushing else {
                state.isFlushing = true
                return nil
            }
            let waiter = Waiter(state.commits)
            state.waiting.append(waiter)
            return waiter
        }
        switch waiter?.wait() ?? .leads {
        case .flushed: return 0
        case .failed(let code): return code
        case .leads: return lead(flush)
        }
    }

    private func lead(_ flush: () -> Int32) -> Int32 {
        // All that is committed by now is in the log.
        let last = state.withLock { $0.commits }
        let code = flush()
        let (served, next): ([Waiter], Waiter?) = state.withLock { state in
            let served = state.waiting.filter { $0.commit <= last }
            state.waiting.removeAll { $0.commit <= last }
            state.isFlushing = !state.waiting.isEmpty
            return (served, state.waiting.isEmpty ? nil : state.waiting.removeFirst())
        }
        next?.tell(.leads)
        for waiter in served { waiter.tell(code == 0 ? .flushed : .failed(code)) }
        return code
    }
}
