import Linux
import Testing

@testable import Prefork

@Suite("The companion")
struct CompanionTests {
    private func serving(_ workers: Int = 2, _ configure: (inout SupervisorConfiguration) -> Void = { _ in }) -> Stage {
        Stage.serving(workers) { configuration in
            configuration.companionName = "ops process"
            configure(&configuration)
        }
    }

    private func pid(_ stage: Stage) throws -> Int32 { try #require(stage.state.companion.pid) }

    @Test("comes before the first worker, and counts for none")
    func comes() throws {
        var configuration = SupervisorConfiguration(workers: 2)
        configuration.companionName = "ops process"
        var stage = Stage(configuration)
        stage.send(.started)
        #expect(stage.specs.sorted { $0.key < $1.key }.map(\.value.isCompanion) == [true, false, false])
        #expect(stage.state.workers.count == 2)
        stage.allBecomeReady()
        // It need not be ready for the service to be.
        #expect(stage.said("ready").count == 1)
        #expect(stage.said("ready").first?["workers"] == .integer(2))
    }

    @Test("has a successor at once when it had proven that it works, and no worker is touched")
    func dies() throws {
        var stage = serving()
        let former = try pid(stage)
        stage.advance(by: .seconds(5))
        stage.kill(former, by: 11)
        #expect(try pid(stage) != former)
        #expect(stage.said("companion exited").map(\.level) == [.error])
        #expect(stage.said("companion exited").first?["process"] == .text("ops process"))
        #expect(stage.ready.count == 2 && stage.signals.isEmpty)
    }

    @Test("that dies young comes back after waits that grow, and never ends the service")
    func diesYoung() throws {
        var stage = serving { $0.bootAttempts = 2 }
        var waits: [Duration] = []
        for _ in 0..<8 {
            stage.exit(try pid(stage), 1)
            let died = stage.now
            while stage.state.companion.pid == nil { stage.advance(by: .milliseconds(10)) }
            waits.append(stage.now - died)
        }
        #expect(waits[0] < .milliseconds(300))
        #expect(waits[7] > .seconds(7) && waits[7] < .seconds(13))
        #expect(stage.exitCode == nil && stage.ready.count == 2)
    }

    @Test("that does not get ready in time is killed and comes again")
    func hangs() throws {
        var stage = serving()
        let former = try pid(stage)
        stage.exit(former)
        stage.advance(by: .seconds(1))
        let hanging = try pid(stage)
        stage.advance(by: .seconds(11))
        #expect(stage.told(.kill) == [hanging])
        stage.kill(hanging)
        stage.advance(by: .seconds(1))
        #expect(try pid(stage) != hanging)
    }

    @Test("takes no part in a roll, and in no change of size")
    func roll() throws {
        var stage = serving()
        let companion = try pid(stage)
        stage.send(.ordered(.roll))
        for _ in 0..<4 {
            stage.allBecomeReady()
            stage.allLeave()
        }
        stage.send(.ordered(.shrink))
        #expect(try pid(stage) == companion)
        #expect(!stage.signals.map(\.pid).contains(companion))
        #expect(stage.said("roll finished").count == 1)
    }

    @Test("leaves last, when all workers have left and the queue is empty, and the service ends when it has")
    func stop() throws {
        var stage = serving()
        let companion = try pid(stage)
        stage.waiting = 1
        stage.send(.ordered(.stop))
        stage.allLeave()
        // One more worker, for what was in the queue.
        #expect(stage.signals.map(\.pid).contains(companion) == false)
        stage.waiting = 0
        stage.allLeave()
        #expect(stage.told(.terminate).last == companion)
        #expect(stage.exitCode == nil)
        stage.exit(companion)
        #expect(stage.exitCode == .stopped)
        #expect(stage.said("companion exited").map(\.level) == [.info])
        #expect(stage.said("stopped").count == 1)
    }

    @Test("that does not leave is killed half a second later, and what was left in the queue is said once")
    func stubborn() throws {
        var stage = serving()
        let companion = try pid(stage)
        stage.send(.ordered(.stop))
        stage.waiting = 7
        for _ in 0..<6 { stage.allLeave() }
        #expect(stage.said("connections left unanswered").count == 1)
        stage.advance(by: .milliseconds(600))
        #expect(stage.told(.kill) == [companion])
        stage.kill(companion)
        #expect(stage.exitCode != nil)
        #expect(stage.said("connections left unanswered").count == 1)
    }

    @Test("is told to leave at once when the service is, and has no successor when it dies in a stop")
    func quick() throws {
        var stage = serving()
        let companion = try pid(stage)
        stage.send(.ordered(.stopNow))
        stage.allLeave()
        #expect(stage.told(.quit).contains(companion))
        stage.exit(companion, WorkerExit.immediate)
        #expect(stage.exitCode == .stopped)

        var other = serving()
        other.send(.ordered(.stop))
        other.kill(try pid(other))
        #expect(other.state.companion.pid == nil)
        other.allLeave()
        #expect(other.exitCode == .stopped)
    }

    /// A program that takes over, whose predecessor had a companion.
    private func takeover() -> SupervisorState {
        var configuration = SupervisorConfiguration(workers: 1)
        configuration.companionName = "ops process"
        return SupervisorState(
            configuration: configuration,
            formerCompanion: CompanionProcess(pid: 77, slot: Scoreboard.companionSlots.lowerBound),
            seed: 1,
            at: moment(1)
        )
    }

    private func moment(_ microseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: microseconds * 1_000)
    }

    private func hasCompanion(_ effects: [Effect]) -> Bool {
        effects.contains { if case .fork(let spec) = $0 { spec.isCompanion } else { false } }
    }

    @Test("of a former program serves on until the next program's is ready")
    func upgrade() throws {
        var state = takeover()
        let first = state.handle(.started, at: moment(1))
        #expect(hasCompanion(first) && !first.contains(.send(.terminate, pid: 77)))
        // Both write until the former has left.
        #expect(state.companion.slot != state.companion.formerProcess?.slot)
        _ = state.handle(.forked(slot: state.companion.slot, pid: 78), at: moment(2))
        #expect(state.handle(.becameReady(pid: 78), at: moment(3)).contains(.send(.terminate, pid: 77)))
        let left = state.handle(.exited(pid: 77, WorkerExit(status: .exited(0))), at: moment(4))
        #expect(!hasCompanion(left))
        #expect(state.companion.pid == 78 && state.companion.formerProcess == nil)
    }

    @Test("of a former program serves on while the next program's cannot, and both leave in a stop")
    func upgradeFails() throws {
        var state = takeover()
        _ = state.handle(.started, at: moment(1))
        _ = state.handle(.forked(slot: state.companion.slot, pid: 78), at: moment(2))
        let died = state.handle(.exited(pid: 78, WorkerExit(status: .exited(1))), at: moment(3))
        #expect(!died.contains(.send(.terminate, pid: 77)) && state.companion.formerProcess?.pid == 77)
        let worker = try #require(state.workers.first)
        _ = state.handle(.forked(slot: worker.slot, pid: 79), at: moment(4))
        _ = state.handle(.ordered(.stopNow), at: moment(5))
        let stopped = state.handle(.exited(pid: 79, WorkerExit(status: .exited(WorkerExit.immediate))), at: moment(6))
        #expect(stopped.contains(.send(.quit, pid: 77)))
        #expect(state.companion.isAlive)
        _ = state.handle(.exited(pid: 77, WorkerExit(status: .exited(WorkerExit.immediate))), at: moment(7))
        #expect(!state.companion.isAlive)
    }

    @Test("of a former program that does not leave is killed")
    func stubbornFormer() throws {
        var state = takeover()
        _ = state.handle(.started, at: moment(1))
        _ = state.handle(.forked(slot: state.companion.slot, pid: 78), at: moment(2))
        _ = state.handle(.becameReady(pid: 78), at: moment(3))
        #expect(state.handle(.timer, at: moment(3) + .milliseconds(600)).contains(.send(.kill, pid: 77)))
    }

    @Test("of a former program leaves for good when the next has none")
    func upgradeToNone() {
        var state = SupervisorState(
            configuration: SupervisorConfiguration(workers: 1),
            formerCompanion: CompanionProcess(pid: 77, slot: Scoreboard.companionSlots.lowerBound),
            seed: 1,
            at: MonotonicInstant(nanoseconds: 1_000)
        )
        #expect(state.handle(.started, at: MonotonicInstant(nanoseconds: 1_000)).contains(.send(.terminate, pid: 77)))
        let effects = state.handle(
            .exited(pid: 77, WorkerExit(status: .exited(0))),
            at: MonotonicInstant(nanoseconds: 2_000)
        )
        #expect(!effects.contains { if case .fork(let spec) = $0 { spec.isCompanion } else { false } })
        #expect(!state.companion.isAlive)
    }
}
