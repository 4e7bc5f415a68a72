import Linux
import Testing

@testable import Prefork

@Suite("Size")
struct SupervisorSizeTests {
    @Test("grow and shrink change the number by one, the highest number leaves first")
    func growAndShrink() {
        var stage = Stage.serving(2)
        stage.send(.ordered(.grow))
        #expect(stage.number(of: stage.booting[0]) == 3)
        stage.allBecomeReady()
        stage.send(.ordered(.shrink))
        stage.send(.ordered(.shrink))
        #expect(stage.told(.terminate).compactMap { stage.number(of: $0) }.sorted() == [2, 3])
    }

    @Test("one worker always stays")
    func floor() {
        var stage = Stage.serving(3)
        for _ in 0..<40 { stage.send(.ordered(.shrink)) }
        stage.allLeave()
        #expect(stage.ready.count == 1)
        #expect(stage.number(of: stage.ready[0]) == 1)
    }

    @Test("twenty more and forty fewer, while nobody is ready yet, end with one")
    func storm() {
        var stage = Stage.serving(2)
        for _ in 0..<20 { stage.send(.ordered(.grow)) }
        for _ in 0..<40 { stage.send(.ordered(.shrink)) }
        stage.advance(by: .seconds(1))
        stage.allLeave()
        #expect(stage.pids.count == 1)
        #expect(stage.exitCode == nil)
    }

    @Test("orders stay inside the range that follows the load")
    func range() {
        var configuration = SupervisorConfiguration(workers: 2...3)
        configuration.abortDelay = nil
        var stage = Stage(configuration)
        stage.send(.started)
        for _ in 0..<5 { stage.send(.ordered(.grow)) }
        #expect(stage.pids.count == 3)
        for _ in 0..<5 { stage.send(.ordered(.shrink)) }
        stage.allLeave()
        #expect(stage.pids.count == 2)
    }

    @Test("what all workers need is a limit for orders and advice, and the log says which")
    func limit() {
        var configuration = SupervisorConfiguration(workers: 2)
        configuration.workerLimit = (3, "there are three")
        var stage = Stage(configuration)
        stage.send(.started)
        stage.send(.ordered(.grow))
        #expect(stage.pids.count == 3)
        #expect(stage.said("size limited").isEmpty)
        stage.send(.ordered(.grow))
        stage.send(.advised(workers: 8))
        #expect(stage.pids.count == 3)
        #expect(stage.said("size limited").count == 2)
    }

    @Test("shrinking takes a successor with its predecessor")
    func shrinkWhileRolling() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.grow))
        stage.allBecomeReady()
        stage.send(.askedForReplacement(pid: stage.ready[1]))
        #expect(stage.booting.count == 1)
        stage.send(.ordered(.shrink))
        #expect(stage.leaving.count == 2)
        stage.allLeave()
        #expect(stage.ready.count == 1)
        #expect(stage.booting.isEmpty)
    }

    @Test("the number grows when all are busy and connections wait, and shrinks after calm")
    func followsLoad() {
        var configuration = SupervisorConfiguration(workers: 2...4)
        configuration.abortDelay = nil
        var stage = Stage(configuration)
        stage.send(.started)
        stage.allBecomeReady()

        func look(_ stage: inout Stage, busy: Int, waiting: Int) {
            let now = stage.now
            let workers = stage.ready.enumerated().map {
                Observation.Worker(pid: $1, busySince: $0 < busy ? now : nil)
            }
            stage.send(.observed(.init(workers: workers, waiting: waiting)))
        }
        look(&stage, busy: 2, waiting: 1)
        #expect(stage.booting.isEmpty)
        look(&stage, busy: 2, waiting: 1)
        #expect(stage.booting.count == 1)
        stage.allBecomeReady()
        for _ in 0..<10 {
            look(&stage, busy: 9, waiting: 9)
            stage.allBecomeReady()
        }
        #expect(stage.ready.count == 4)
        for _ in 0..<(3 * SizePolicy.looksToShrink) { look(&stage, busy: 0, waiting: 0) }
        stage.allLeave()
        #expect(stage.ready.count == 2)
    }

    @Test(
        "a worker is busy when all its threads wait, or when the thread of its loop is in a handler too",
        arguments: [
            // Three of sixteen handlers wait: there is room.
            (lanes: 17, busy: 3, free: 13 as Int?, isBusy: false),
            // One more computes on the thread of the loop.
            (lanes: 17, busy: 4, free: 13, isBusy: true),
            (lanes: 17, busy: 1, free: 16, isBusy: true),
            (lanes: 17, busy: 16, free: 0, isBusy: true),
            (lanes: 17, busy: 0, free: 16, isBusy: false),
            (lanes: 2, busy: 1, free: 0, isBusy: true),
            // One that does not say counts by its lanes.
            (lanes: 1, busy: 1, free: nil, isBusy: true),
            (lanes: 4, busy: 3, free: nil, isBusy: false),
            (lanes: 4, busy: 4, free: nil, isBusy: true),
        ]
    )
    func busyWorker(example: (lanes: Int, busy: Int, free: Int?, isBusy: Bool)) {
        var worker = Observation.Worker(pid: 1, lanes: example.lanes, freeLanes: example.lanes - example.busy)
        worker.busySince = example.busy > 0 ? MonotonicInstant(nanoseconds: 1) : nil
        worker.freeThreads = example.free
        worker.running = example.free.map { example.lanes - 1 - $0 } ?? 0
        #expect(worker.isBusy == example.isBusy)
    }

    @Test("requests that wait within busy workers call for more as those in the accept queue do")
    func waitingWithin() {
        var stage = Stage(SupervisorConfiguration(workers: 2...4))
        stage.send(.started)
        stage.allBecomeReady()
        for _ in 0..<SizePolicy.looksToGrow {
            let workers = stage.ready.map { pid in
                Observation.Worker(pid: pid, busySince: stage.now, lanes: 5, freeLanes: 1, freeThreads: 0, waiting: 3)
            }
            stage.send(.observed(.init(workers: workers, waiting: 0)))
        }
        #expect(stage.booting.count == 1)
    }

    @Test("a service whose limits change gets other workers, and keeps what was ordered while they do not")
    func limits() {
        var stage = Stage.serving(2) { $0.advisedWorkers = { 0 } }
        stage.advice = 2
        stage.send(.ordered(.grow))
        stage.allBecomeReady()
        stage.advance(by: .seconds(60))
        #expect(stage.ready.count == 3)
        stage.advice = 6
        stage.advance(by: .seconds(5))
        stage.allBecomeReady()
        #expect(stage.ready.count == 6)
        #expect(stage.said("size changed").count == 2)
        stage.advice = 1
        stage.advance(by: .seconds(5))
        #expect(stage.leaving.count == 5)
        // A budget that cannot be is as near to it as can be.
        stage.advice = 0
        stage.advance(by: .seconds(5))
        stage.allLeave()
        #expect(stage.ready.count == 1)
        stage.advice = 9
        stage.send(.ordered(.stop))
        stage.advance(by: .seconds(10))
        #expect(stage.forks == 4)
    }

    @Test("what nobody asks for is not looked at")
    func noAdvice() {
        var stage = Stage.serving(2)
        stage.advice = 5
        stage.advance(by: .seconds(60))
        #expect(stage.forks == 0 && stage.reports == 0)
    }

    @Test("a report comes once each interval while the service serves, and what was missed is not made up for")
    func report() {
        var stage = Stage.serving(1) { $0.reportInterval = .seconds(60) }
        stage.advance(by: .seconds(180))
        #expect(stage.reports == 3)
        stage.sleepThrough(.seconds(600))
        #expect(stage.reports == 4)
        stage.send(.ordered(.stop))
        stage.advance(by: .seconds(600))
        #expect(stage.reports == 4)
    }
}
