import Linux
import Testing

@testable import Prefork

@Suite("Respawn policies")
struct RespawnTests {
    private let always = RespawnPolicy.always(Backoff(first: .seconds(1), longest: .seconds(8), attempts: 5))

    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var exit: WorkerExit
        var served: Duration?
        var successor: RespawnPolicy.Successor
    }

    @Test(
        "a child that always has a successor gets it at once when it had proven that it works",
        arguments: [
            Case(
                testDescription: "never ready",
                exit: WorkerExit(status: .exited(1)),
                served: nil,
                successor: .afterBackoff
            ),
            Case(
                testDescription: "never ready, though it left with 0",
                exit: WorkerExit(status: .exited(0)),
                served: nil,
                successor: .afterBackoff
            ),
            Case(
                testDescription: "crashed as soon as it was ready",
                exit: WorkerExit(status: .killed(signal: 11)),
                served: .milliseconds(1),
                successor: .afterBackoff
            ),
            Case(
                testDescription: "crashed after a second",
                exit: WorkerExit(status: .killed(signal: 11)),
                served: .seconds(1),
                successor: .atOnce
            ),
            Case(
                testDescription: "crashed after a request",
                exit: WorkerExit(status: .killed(signal: 11), requests: 1),
                served: .milliseconds(1),
                successor: .atOnce
            ),
            Case(
                testDescription: "left gracefully",
                exit: WorkerExit(status: .exited(0)),
                served: .milliseconds(1),
                successor: .atOnce
            ),
            Case(
                testDescription: "killed by somebody",
                exit: WorkerExit(status: .killed(signal: 9)),
                served: .milliseconds(1),
                successor: .atOnce
            ),
            Case(
                testDescription: "killed for want of memory",
                exit: WorkerExit(status: .killed(signal: 9), isOutOfMemory: true),
                served: .milliseconds(1),
                successor: .afterBackoff
            ),
        ]
    )
    func always(example: Case) {
        #expect(always.successor(after: example.exit, served: example.served) == example.successor)
        #expect(RespawnPolicy.never.successor(after: example.exit, served: example.served) == .none)
    }

    @Test("the wait doubles with each failure up to the longest, and is spread by a quarter either way")
    func backoff() {
        var random = SplitMix64(seed: 3)
        let backoff = Backoff(first: .seconds(1), longest: .seconds(8), attempts: 5)
        for (failures, expected) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (1_000_000, 8)] {
            let waits = (0..<100).map { _ in backoff.wait(afterFailures: failures, random: &random) }
            #expect(waits.allSatisfy { $0 >= .seconds(expected) * 0.75 && $0 <= .seconds(expected) * 1.25 })
            #expect(Set(waits).count > 1)
        }
    }

    @Test("a worker that serves what is left in the queue has no successor, however it ends")
    func lastWorker() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.stop))
        stage.waiting = 1
        stage.allLeave()
        let last = stage.leaving[0]
        #expect(stage.specs[last]?.role == .lastWorker)
        #expect(stage.specs[last]?.role.respawn == .never)
        stage.waiting = 0
        stage.kill(last, by: 11)
        #expect(stage.exitCode == .stopped)
    }

    @Test("a service that was only started to show that it can serve stops when its worker is ready")
    func preflight() {
        var configuration = SupervisorConfiguration(workers: 1)
        configuration.stopsWhenReady = true
        var stage = Stage(configuration)
        stage.send(.started)
        #expect(stage.leaving.isEmpty)
        stage.becomeReady(stage.booting[0])
        #expect(stage.said("ready").count == 1)
        #expect(stage.leaving.count == 1)
        stage.allLeave()
        #expect(stage.exitCode == .stopped && stage.state.hasServed)
    }
}
