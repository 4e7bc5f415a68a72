import Glibc

/// State that several threads of a test share: every change wakes those who wait for one.
final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    init(_ state: sending State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    @discardableResult
    func update<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    func read<Result>(_ body: (State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(state)
    }

    /// Waits until `body` finds what it looks for, at most until the deadline; nil when the time is over.
    func wait<Result>(until deadline: Deadline, for body: (State) -> Result?) -> Result? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(state) { return result }
            if deadline.isOver { return nil }
            var time = deadline.monotonicTime
            pthread_cond_timedwait(changed, mutex, &time)
        }
    }
}

/// Threads that are started together and joined together.
final class Crew {
    private var threads: [pthread_t] = []

    private final class Job {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        // Hundreds of clients need no 8 MB each.
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        for index in 0..<count {
            var thread = pthread_t()
            let job = Unmanaged.passRetained(Job { body(index) })
            let error = pthread_create(
                &thread,
                &attributes,
                { raw in
                    Unmanaged<Job>.fromOpaque(raw!).takeRetainedValue().body()
                    return nil
                },
                job.toOpaque()
            )
            precondition(error == 0, "no thread for the test: errno \(error)")
            threads.append(thread)
        }
        pthread_attr_destroy(&attributes)
    }

    func join() {
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    /// Lets the threads end by themselves.
    func detach() {
        for thread in threads { pthread_detach(thread) }
        threads = []
    }

    deinit { join() }

    /// Runs `body` on `count` threads and returns their results in order.
    static func run<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) -> [Result] {
        let results = Monitor([Result?](repeating: nil, count: count))
        Crew(count) { index in
            let result = body(index)
            results.update { $0[index] = result }
        }.join()
        return results.read { $0.map { $0! } }
    }
}

/// A place where `count` threads wait for each other.
final class Barrier: @unchecked Sendable {
    private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    init(_ count: Int) { pthread_barrier_init(barrier, nil, UInt32(count)) }

    func wait() { pthread_barrier_wait(barrier) }

    deinit {
        pthread_barrier_destroy(barrier)
        barrier.deallocate()
    }
}
