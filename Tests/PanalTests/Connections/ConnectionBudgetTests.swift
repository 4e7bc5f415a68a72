import Testing

@testable import Panal

@Suite("The connections of a database server, shared out")
struct ConnectionBudgetTests {
    private func budget(
        _ limit: Int?,
        workers: WorkerCount,
        threads: ThreadCount,
        usable: Int = 2
    ) throws(ConnectionBudget.Exceeded) -> ConnectionBudget {
        try ConnectionBudget(limit: limit, workers: workers, usableWorkers: usable, threads: threads)
    }

    @Test(
        "each worker, and one more during a roll, has a connection for each thread: three more than handlers that wait"
    )
    func needed() throws {
        #expect(try budget(97, workers: .range(4...4), threads: .fixed(5)).needed == 40)
        #expect(try budget(nil, workers: .range(4...4), threads: .auto).needed == 5 * 19)
        #expect(try budget(97, workers: .range(2...4), threads: .fixed(5)).needed == 40)
    }

    @Test("auto is 16 threads, and less where the connections ask for it")
    func automaticThreads() throws {
        #expect(try budget(nil, workers: .range(8...8), threads: .auto).threads == 16)
        #expect(try budget(97, workers: .range(2...2), threads: .auto).threads == 16)
        let small = try budget(97, workers: .range(8...8), threads: .auto)
        #expect(small.threads == 7)
        #expect(small.needed <= 97)
        #expect(small.mostWorkers == 8)
        #expect(small.mostThreads == 7)
    }

    @Test("auto workers become fewer when one thread each is still too much, and never none")
    func automaticWorkers() throws {
        let crowded = try budget(97, workers: .auto, threads: .auto, usable: 64)
        #expect((crowded.threads, crowded.workers) == (1, 23))
        let wide = try budget(97, workers: .auto, threads: .fixed(20), usable: 8)
        #expect((wide.threads, wide.workers) == (20, 3))
        #expect(throws: ConnectionBudget.Exceeded.self) { try budget(7, workers: .auto, threads: .auto) }
        #expect(try budget(8, workers: .auto, threads: .auto).workers == 1)
    }

    @Test("numbers that do not fit are refused, with numbers that do")
    func refused() throws {
        let error = #expect(throws: ConnectionBudget.Exceeded.self) {
            try budget(97, workers: .range(9...9), threads: .fixed(16))
        }
        let words = error?.description ?? ""
        #expect(words.contains("need 190, and there are 97"))
        #expect(words.contains("WEB_CONCURRENCY to 4") && words.contains("WEB_THREADS to 6"))
        #expect(words.contains("max_connections") && words.contains("PgBouncer"))
        #expect(try budget(97, workers: .range(4...4), threads: .fixed(16)).needed <= 97)
        #expect(try budget(97, workers: .range(9...9), threads: .fixed(6)).needed <= 97)
        #expect(throws: ConnectionBudget.Exceeded.self) { try budget(97, workers: .range(5...5), threads: .fixed(16)) }
        #expect(throws: ConnectionBudget.Exceeded.self) { try budget(97, workers: .range(9...9), threads: .fixed(7)) }
    }

    @Test("a job worker has a connection for each thread, and one for handing jobs out")
    func jobs() throws {
        let budget = try ConnectionBudget(
            limit: 30,
            workers: .range(2...2),
            usableWorkers: 2,
            threads: .auto,
            for: .jobs
        )
        #expect((budget.threads, budget.needed, budget.mostWorkers) == (9, 30, 2))
        let error = #expect(throws: ConnectionBudget.Exceeded.self) {
            try ConnectionBudget(limit: 10, workers: .range(2...2), usableWorkers: 2, threads: .fixed(4), for: .jobs)
        }
        let words = error?.description ?? ""
        #expect(words.contains("WORK_CONCURRENCY to 1") && words.contains("WORK_THREADS to 2"))
    }

    @Test("a number of connections is one, or auto")
    func setting() {
        #expect(ConnectionCount("auto") == .auto)
        #expect(ConnectionCount("40") == .fixed(40))
        for text in ["0", "", "-1", "many", "100001", "4.5"] { #expect(ConnectionCount(text) == nil) }
    }
}
