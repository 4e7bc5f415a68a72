import Linux
import Testing

@testable import Prefork

@Suite("Rolls and recycling")
struct SupervisorRollTests {
    @Test("workers are replaced one by one, each told to leave only when its successor is ready")
    func roll() {
        var stage = Stage.serving(3)
        let old = stage.ready
        stage.send(.ordered(.roll))
        for index in 0..<3 {
            #expect(stage.booting.count == 1)
            #expect(stage.told(.terminate) == Array(old[..<index]))
            let successor = stage.booting[0]
            #expect(stage.specs[successor]?.generation == 2)
            #expect(stage.number(of: successor) == stage.number(of: old[index]))
            stage.becomeReady(successor)
            #expect(stage.ready.count == 3)
        }
        #expect(stage.told(.terminate) == old)
        #expect(stage.said("roll finished").isEmpty)
        stage.allLeave()
        #expect(stage.said("roll finished").count == 1)
        #expect(stage.forks == 3)
    }

    @Test("a wider roll replaces several at a time")
    func width() {
        var stage = Stage.serving(4) { $0.rollWidth = 2 }
        stage.send(.ordered(.roll))
        #expect(stage.booting.count == 2)
        stage.becomeReady(stage.booting[0])
        #expect(stage.booting.count == 2)
    }

    @Test("the report has boot times, drained requests, kills and a verdict")
    func report() {
        var stage = Stage.serving(2)
        let old = stage.ready
        stage.send(.ordered(.roll))
        stage.advance(by: .milliseconds(12))
        stage.becomeReady(stage.booting[0])
        stage.advance(by: .milliseconds(30))
        stage.becomeReady(stage.booting[0])
        stage.send(.exited(pid: old[0], WorkerExit(status: .exited(0), requests: 9, requestsWhileDraining: 4)))
        stage.exit(old[1], WorkerExit.drainExpired)
        let report = stage.said("roll finished").first
        #expect(report?["bootMs"] == .integers([12, 30]))
        #expect(report?["drainedRequests"] == .integers([4, 0]))
        #expect(report?["killed"] == .integer(1))
        #expect(report?["verdict"] == .text("all workers replaced"))
    }

    @Test("a roll whose successors cannot boot is abandoned, and the old workers go on")
    func abandoned() {
        var stage = Stage.serving(3)
        let old = stage.ready
        stage.send(.ordered(.roll))
        for _ in 0..<10 {
            stage.booting.forEach { stage.exit($0, 1) }
            stage.advance(by: .seconds(1))
        }
        #expect(stage.ready == old)
        #expect(stage.booting.isEmpty)
        #expect(stage.told(.terminate).isEmpty)
        #expect(stage.abandonedRolls.count == 1)
        #expect(stage.abandonedRolls.first?["how"] == .text("exited with code 1"))
        #expect(stage.forks == 3)
    }

    @Test("a roll whose successors hang in their boot is abandoned too")
    func hanging() {
        var stage = Stage.serving(2) { $0.bootTimeout = .seconds(2) }
        let old = stage.ready
        stage.send(.ordered(.roll))
        for _ in 0..<20 where stage.abandonedRolls.isEmpty {
            stage.advance(by: .seconds(1))
            stage.told(.kill).filter { stage.pids.contains($0) }.forEach { stage.kill($0) }
        }
        #expect(stage.abandonedRolls.count == 1)
        #expect(stage.ready == old)
    }

    @Test("every roll that started is reported, also one that a stop breaks off")
    func brokenOff() {
        var stage = Stage.serving(2)
        stage.send(.ordered(.roll))
        stage.send(.ordered(.stop))
        #expect(stage.said("roll finished").first?["verdict"] == .text("broken off: the service stops"))
        stage.allLeave()
        #expect(stage.said("roll finished").count == 1)
        #expect(stage.exitCode == .stopped)
    }

    @Test("one successor that dies by accident does not end the roll")
    func accident() {
        var stage = Stage.serving(2)
        stage.send(.ordered(.roll))
        stage.kill(stage.booting[0])
        for _ in 0..<4 {
            stage.allBecomeReady()
            stage.advance(by: .seconds(1))
        }
        stage.allLeave()
        #expect(stage.said("roll finished").count == 1)
        #expect(stage.state.workers.allSatisfy { $0.generation == 2 })
    }

    @Test("rolls ordered while one is under way become one more, not many")
    func coalesce() {
        var stage = Stage.serving(2)
        for _ in 0..<20 { stage.send(.ordered(.roll)) }
        for _ in 0..<6 {
            stage.allBecomeReady()
            stage.allLeave()
        }
        #expect(stage.said("roll finished").count == 2)
        #expect(stage.forks == 4)
        #expect(stage.state.generation == 3)
    }

    @Test("a worker that crashes during a roll is replaced by one of the new generation, which need not be rolled")
    func crashWhileRolling() {
        var stage = Stage.serving(3)
        let last = stage.ready[2]
        stage.send(.ordered(.roll))
        stage.kill(last, by: 11, requests: 3)
        #expect(stage.booting.count == 2)
        for _ in 0..<4 { stage.allBecomeReady() }
        stage.allLeave()
        #expect(stage.said("roll finished").count == 1)
        #expect(stage.forks == 3)
        #expect(stage.ready.count == 3)
    }

    @Test("a predecessor that crashes while its successor boots is not replaced twice")
    func predecessorCrashes() {
        var stage = Stage.serving(2)
        let first = stage.ready[0]
        stage.send(.ordered(.roll))
        stage.kill(first, requests: 1)
        #expect(stage.forks == 2)  // The successor, and the next worker's successor.
        for _ in 0..<4 { stage.allBecomeReady() }
        stage.allLeave()
        #expect(stage.ready.count == 2)
        #expect(stage.forks == 2)
    }

    @Test("a worker at its limit serves until its successor is ready")
    func limit() {
        var stage = Stage.serving(2)
        let full = stage.ready[0]
        stage.send(.askedForReplacement(pid: full))
        stage.send(.askedForReplacement(pid: full))
        #expect(stage.forks == 1)
        #expect(stage.told(.terminate).isEmpty)
        stage.becomeReady(stage.booting[0])
        #expect(stage.told(.terminate) == [full])
    }

    @Test("workers that reach their limit together leave one after the other, never below the number asked for")
    func lockstep() {
        var stage = Stage.serving(4)
        stage.ready.forEach { stage.send(.askedForReplacement(pid: $0)) }
        var replaced = 0
        while let successor = stage.booting.first {
            #expect(stage.booting.count == 1)
            #expect(stage.ready.count >= 4)
            stage.becomeReady(successor)
            replaced += 1
        }
        #expect(replaced == 4)
    }

    @Test("workers grow old at different times")
    func age() {
        var stage = Stage.serving(5) { $0.maximumAge = .seconds(1000) }
        let ages = stage.state.workers.compactMap(\.expiresAt)
        #expect(Set(ages).count == 5)
        stage.advance(by: .seconds(890 - 60))
        #expect(stage.forks == 0)
        stage.advance(by: .seconds(111))
        for _ in 0..<5 { stage.allBecomeReady() }
        #expect(stage.forks == 5)
        #expect(stage.said("worker to be replaced").count == 5)
    }

    @Test("a worker is too big when it is so in three looks in a row")
    func memory() {
        var stage = Stage.serving(1) { $0.maximumMemory = 100 }
        let pid = stage.ready[0]
        for memory in [101, 101, 99, 101, 101] {
            stage.send(.observed(.init(workers: [.init(pid: pid, memory: memory)], waiting: 0)))
        }
        #expect(stage.forks == 0)
        stage.send(.observed(.init(workers: [.init(pid: pid, memory: 101)], waiting: 0)))
        #expect(stage.forks == 1)
        #expect(stage.told(.terminate).isEmpty)
    }
}
