import Glibc

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
