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
}
