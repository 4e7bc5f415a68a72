import Linux
import Testing

@testable import Prefork

@Suite("Stop")
struct SupervisorStopTests {
    @Test("every worker is told to leave, and the supervisor goes last")
    func stop() {
        var stage = Stage.serving(3)
        let workers = stage.ready
        stage.send(.ordered(.stop))
        #expect(stage.others == [.announceStop, .refuseNewConnections])
        #expect(stage.told(.terminate) == workers)
        stage.exit(workers[0])
        stage.exit(workers[1])
        #expect(stage.exitCode == nil)
        stage.exit(workers[2])
        #expect(stage.exitCode == .stopped)
        #expect(stage.forks == 0)
        #expect(stage.said("stopped").count == 1)
    }

    @Test("being told a second time changes nothing", arguments: Order.allCases.filter { $0 != .stopNow })
    func again(order: Order) {
        var stage = Stage.serving(2)
        stage.send(.ordered(.stop))
        let deadline = stage.state.nextDeadline
        stage.forget()
        stage.send(.ordered(order))
        #expect(stage.signals.isEmpty && stage.notices.isEmpty && stage.forks == 0)
        #expect(stage.state.nextDeadline == deadline)
    }

    @Test("a worker that does not leave in time is killed, and the exit code says so")
    func killed() {
        var stage = Stage.serving(2) { $0.shutdownTimeout = .seconds(5) }
        let (good, bad) = (stage.ready[0], stage.ready[1])
        stage.send(.ordered(.stop))
        stage.exit(good)
        stage.advance(by: .seconds(4.9))
        #expect(stage.told(.kill).isEmpty)
        stage.advance(by: .seconds(1))
        #expect(stage.told(.kill) == [bad])
        stage.kill(bad)
        #expect(stage.exitCode == .workersKilled)
    }

    @Test("a worker that gave up by its own clock counts as killed")
    func expired() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.stop))
        stage.exit(stage.leaving[0], WorkerExit.drainExpired)
        #expect(stage.exitCode == .workersKilled)
        #expect(stage.said("worker exited").first?.level == .warning)
    }

    @Test("stop at once tells workers to leave at once, then kills them")
    func quick() {
        var stage = Stage.serving(2)
        let workers = stage.ready
        stage.send(.ordered(.stopNow))
        #expect(stage.told(.quit) == workers)
        stage.exit(workers[0], WorkerExit.immediate)
        stage.advance(by: .seconds(1))
        #expect(stage.told(.kill) == [workers[1]])
        stage.kill(workers[1])
        #expect(stage.exitCode == .workersKilled)
    }

    @Test("stop at once is clean when workers obey, and overrides a graceful stop")
    func quickAfterSlow() {
        var stage = Stage.serving(2)
        stage.send(.ordered(.stop))
        stage.send(.ordered(.stopNow))
        #expect(stage.told(.quit).count == 2)
        stage.pids.forEach { stage.exit($0, WorkerExit.immediate) }
        #expect(stage.exitCode == .stopped)
        #expect(stage.said("worker exited").allSatisfy { $0.level == .info })
    }

    @Test("with a drain delay readiness says no first, while workers still serve and are still replaced")
    func delay() {
        var stage = Stage.serving(2) { $0.drainDelay = .seconds(5) }
        stage.send(.ordered(.stop))
        #expect(stage.others == [.announceStop])
        #expect(stage.signals.isEmpty)
        stage.kill(stage.ready[0], requests: 1)
        #expect(stage.booting.count == 1)
        stage.send(.ordered(.stop))
        stage.advance(by: .seconds(5))
        #expect(stage.others == [.announceStop, .refuseNewConnections])
        #expect(stage.leaving.count == 2)
        stage.allLeave()
        #expect(stage.exitCode == .stopped)
    }

    @Test("connections left in the queue get one more worker, which is told nothing but to finish")
    func queue() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.stop))
        stage.waiting = 7
        stage.allLeave()
        #expect(stage.exitCode == nil)
        let last = stage.leaving[0]
        #expect(stage.specs[last]?.isLast == true)
        stage.waiting = 0
        stage.exit(last)
        #expect(stage.exitCode == .stopped)
    }

    @Test("a queue that crashes every last worker does not keep the service alive")
    func poisonedQueue() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.stop))
        stage.waiting = 1
        stage.allLeave()
        for _ in 0..<20 where stage.exitCode == nil { stage.leaving.forEach { stage.kill($0, by: 11) } }
        #expect(stage.exitCode == .stopped)
        #expect(stage.forks <= 5)
        #expect(stage.said("connections left unanswered").count == 1)
    }

    @Test("handshakes under way are waited for, but not for ever")
    func handshakes() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.stop))
        stage.handshakes = 1
        stage.allLeave()
        #expect(stage.exitCode == nil)
        stage.advance(by: .milliseconds(20))
        #expect(stage.exitCode == nil)
        (stage.handshakes, stage.waiting) = (0, 1)
        stage.advance(by: .milliseconds(5))
        #expect(stage.leaving.count == 1)
        (stage.handshakes, stage.waiting) = (1, 0)
        stage.allLeave()
        stage.advance(by: .seconds(1))
        #expect(stage.exitCode == .stopped)
    }

    @Test("a queue that somebody else holds too is left to them")
    func sharedQueue() {
        var stage = Stage.serving(1, listenerIsShared: true)
        stage.waiting = 3
        stage.send(.ordered(.stop))
        stage.allLeave()
        #expect(stage.exitCode == .stopped)
        #expect(stage.forks == 0)
    }

    @Test("connections in the mailbox of a worker that has left get one more worker, whoever holds the listener")
    func mail() {
        for listenerIsShared in [false, true] {
            var stage = Stage.serving(1, listenerIsShared: listenerIsShared)
            stage.send(.ordered(.stop))
            stage.mail = 1
            stage.allLeave()
            #expect(stage.exitCode == nil)
            #expect(stage.specs[stage.leaving[0]]?.isLast == true)
            stage.mail = 0
            stage.allLeave()
            #expect(stage.exitCode == .stopped)
            #expect(stage.forks == 1)
        }
    }

    @Test("a worker told to leave before its fork was confirmed is told as soon as it is")
    func forkUnderWay() {
        var state = SupervisorState(configuration: .init(workers: 1), seed: 1, at: .init(nanoseconds: 1))
        let now = MonotonicInstant(nanoseconds: 2)
        let role = ChildRole.worker(SupervisorConfiguration(workers: 1))
        let spec = WorkerSpec(slot: 0, number: 1, generation: 1, role: role)
        #expect(state.handle(.started, at: now).contains(.fork(spec)))
        _ = state.handle(.ordered(.stop), at: now)
        #expect(state.handle(.forked(slot: 0, pid: 7), at: now).contains(.send(.terminate, pid: 7)))
    }

    @Test("a stop during the boot ends in a clean exit")
    func duringBoot() {
        var stage = Stage(SupervisorConfiguration(workers: 3))
        stage.send(.started)
        stage.becomeReady(101)
        stage.send(.ordered(.stop))
        #expect(stage.leaving.count == 3)
        // Too late to be ready.
        stage.becomeReady(102)
        #expect(stage.ready.isEmpty)
        stage.allLeave()
        #expect(stage.exitCode == .stopped)
    }
}
