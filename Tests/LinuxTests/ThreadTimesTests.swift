import Glibc
import Linux
import Synchronization
import Testing

@Suite("A thread's times")
struct ThreadTimesTests {
    private func spin(_ time: Duration) {
        // Of the thread, so that others on this machine do not matter.
        let end = ProcessorTime.ofThisThread + time.nanoseconds
        while ProcessorTime.ofThisThread < end {}
    }

    @Test("tell running from waiting, to the microsecond and not to the tick")
    func times() {
        let times = ThreadTimes()
        for _ in 0..<5 {
            let before = times.read()
            spin(.microseconds(300))
            let between = times.read()
            usleep(20_000)
            let after = times.read()
            #expect((300_000..<20_000_000).contains(between.processor - before.processor))
            #expect(after.processor - between.processor < 10_000_000)
            #expect(after.runQueue >= between.runQueue && between.runQueue >= before.runQueue)
        }
    }

    @Test("say how long a thread stood in the queue of busy processors")
    func runQueue() throws {
        // Three threads for each processor, all of which want it for a while.
        let readings = Mutex<[ThreadTimes.Reading]>([])
        let threads = try (0..<3 * CurrentProcess.usableProcessors).map { _ in
            try Thread.start {
                let times = ThreadTimes()
                let before = times.read()
                let end = ProcessorTime.ofThisThread + 50_000_000
                while ProcessorTime.ofThisThread < end {}
                let after = times.read()
                let (processor, runQueue) = (after.processor - before.processor, after.runQueue - before.runQueue)
                readings.withLock { $0.append(.init(processor: processor, runQueue: runQueue)) }
            }
        }
        for thread in threads { thread.join() }
        readings.withLock { readings in
            #expect(readings.count == threads.count && readings.allSatisfy { $0.processor >= 50_000_000 })
            // One of them came last and stood by while the others had their share.
            #expect((readings.map(\.runQueue).max() ?? 0) > 20_000_000)
        }
    }
}
