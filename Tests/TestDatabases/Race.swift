import Glibc
import Synchronization

/// Runs the body on that many threads that all start at once, and waits for all of them.
/// - Returns: What each made, in the order of the threads.
public func race<Result: Sendable>(
    _ threads: Int,
    _ body: @escaping @Sendable (Int) throws -> Result
) throws -> [Result] {
    let outcomes = Outcomes<Result>()
    let gate = Gate(threads: threads)
    let handles = (0..<threads).map { number in
        spawn {
            gate.pass()
            outcomes.record(.init { try body(number) }, of: number)
        }
    }
    for handle in handles { pthread_join(handle, nil) }
    return try (0..<threads).map { try outcomes.value(of: $0) }
}

private func spawn(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    var handle = pthread_t()
    let code = pthread_create(
        &handle,
        nil,
        { context in
            Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        },
        Unmanaged.passRetained(ThreadBody(run: body)).toOpaque()
    )
    precondition(code == 0, "no thread could be made: \(code)")
    return handle
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

/// Opens once that many threads stand before it.
private final class Gate: Sendable {
    private let threads: Int
    private let arrived = Atomic(0)

    init(threads: Int) {
        self.threads = threads
    }

    func pass() {
        arrived.add(1, ordering: .acquiringAndReleasing)
        while arrived.load(ordering: .acquiring) < threads { sched_yield() }
    }
}

private final class Outcomes<Result: Sendable>: Sendable {
    private let outcomes: Mutex<[Int: Swift.Result<Result, any Error>]> = Mutex([:])

    func record(_ outcome: Swift.Result<Result, any Error>, of thread: Int) {
        outcomes.withLock { $0[thread] = outcome }
    }

    func value(of thread: Int) throws -> Result {
        guard let outcome = outcomes.withLock({ $0[thread] }) else {
            preconditionFailure("thread \(thread) made nothing")
        }
        return try outcome.get()
    }
}
