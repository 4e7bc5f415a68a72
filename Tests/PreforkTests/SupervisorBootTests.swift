import Linux
import Testing

@testable import Prefork

@Suite("Boot")
struct SupervisorBootTests {
    @Test("starts as many workers as asked and says ready once, when all are")
    func boot() {
        var stage = Stage(SupervisorConfiguration(workers: 3))
        stage.send(.started)
        #expect(stage.specs.values.map(\.number).sorted() == [1, 2, 3])
        #expect(Set(stage.specs.values.map(\.slot)).count == 3)
        stage.becomeReady(101)
        stage.becomeReady(102)
        #expect(stage.said("ready").isEmpty)
        stage.becomeReady(103)
        stage.becomeReady(103)
        #expect(stage.said("ready").count == 1)
        #expect(stage.said("ready").first?["workers"] == .integer(3))
        #expect(stage.said("ready").first?["port"] == .integer(8080))
        #expect(stage.said("worker ready").count == 3)
    }

    @Test("a worker that served is replaced at once, under the same number")
    func respawn() {
        var stage = Stage.serving(3)
        let victim = stage.ready[1]
        stage.kill(victim, by: 11, requests: 5)
        #expect(stage.forks == 1)
        #expect(stage.specs[stage.booting[0]]?.number == stage.number(of: victim))
    }

    @Test("a worker that somebody kills before it served anything is replaced at once too")
    func respawnUnused() {
        var stage = Stage(SupervisorConfiguration(workers: 1))
        stage.send(.started)
        stage.allBecomeReady()
        stage.kill(stage.ready[0])
        #expect(stage.booting.count == 1)
    }

    @Test("a worker that crashes as soon as it is ready backs off")
    func crashAfterReady() {
        var stage = Stage(SupervisorConfiguration(workers: 1))
        stage.send(.started)
        stage.allBecomeReady()
        stage.kill(stage.ready[0], by: 11)
        #expect(stage.booting.isEmpty)
        stage.advance(by: .milliseconds(300))
        #expect(stage.booting.count == 1)
    }

    @Test("failed boots back off exponentially, up to the longest wait, with jitter")
    func backoff() {
        var configuration = SupervisorConfiguration(workers: 1)
        configuration.bootAttempts = 12
        configuration.longestBackoff = .seconds(5)
        var stage = Stage(configuration)
        stage.send(.started)
        var waits: [Duration] = []
        for _ in 0..<11 {
            let exitedAt = stage.now
            stage.exit(stage.booting[0], 1)
            while stage.booting.isEmpty { stage.advance(by: .milliseconds(1)) }
            waits.append(stage.now - exitedAt)
        }
        for (wait, expected) in zip(waits, [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5, 5, 5]) {
            #expect(Duration.seconds(expected * 0.74)...Duration.seconds(expected * 1.26) ~= wait)
        }
        #expect(Set(waits.suffix(6)).count > 1)
        stage.exit(stage.booting[0], 1)
        #expect(stage.exitCode == .workersCannotBoot)
    }

    @Test("the service gives up with its own exit code when no worker ever became ready")
    func giveUp() {
        var configuration = SupervisorConfiguration(workers: 2)
        configuration.bootAttempts = 3
        var stage = Stage(configuration)
        stage.send(.started)
        while stage.exitCode == nil, stage.forks < 100 {
            for pid in stage.pids { stage.exit(pid, 1) }
            stage.advance(by: .seconds(1))
        }
        #expect(stage.exitCode == .workersCannotBoot)
        #expect(stage.forks <= 6)
        #expect(stage.said("workers cannot boot").first?["how"] == .text("exited with code 1"))
    }

    @Test("a service with workers that can boot serves on with those, and says once that one cannot")
    func serveOn() {
        var configuration = SupervisorConfiguration(workers: 2)
        configuration.bootAttempts = 3
        var stage = Stage(configuration)
        stage.send(.started)
        stage.becomeReady(101)
        for _ in 0..<6 {
            stage.booting.forEach { stage.exit($0, 1) }
            stage.advance(by: .seconds(13))
        }
        #expect(stage.exitCode == nil)
        #expect(stage.ready == [101])
        #expect(stage.said("worker cannot boot").count == 1)
        stage.allBecomeReady()
        #expect(stage.said("ready").count == 1)
    }

    @Test("a worker that is not ready when its time to boot is up is aborted, then killed, and replaced")
    func bootTimeout() {
        var stage = Stage.serving(2) { $0.bootTimeout = .seconds(3) }
        stage.kill(stage.ready[0], requests: 1)
        let stuck = stage.booting[0]
        stage.advance(by: .seconds(2.9))
        #expect(stage.told(.abort).isEmpty)
        stage.advance(by: .seconds(0.2))
        #expect(stage.told(.abort) == [stuck])
        stage.advance(by: .seconds(1))
        #expect(stage.told(.kill) == [stuck])
        stage.kill(stuck)
        #expect(stage.said("worker exited").last?["how"] == .text("killed: not ready when the time to boot was up"))
        stage.advance(by: .seconds(1))
        #expect(stage.booting.count == 1)
    }

    @Test("a refused fork is tried again later and never ends the service")
    func forkRefused() {
        var stage = Stage(SupervisorConfiguration(workers: 3))
        stage.refusesForks = true
        stage.send(.started)
        stage.advance(by: .seconds(30))
        #expect(stage.exitCode == nil)
        // About one try a second for each worker, not a storm.
        #expect(stage.forks <= 31 * 3)
        #expect(!stage.said("fork failed").isEmpty)
        stage.refusesForks = false
        stage.advance(by: .seconds(1))
        #expect(stage.booting.count == 3)
    }

    @Test("a crash storm never forks faster than the cap")
    func storm() {
        var stage = Stage.serving(4) { $0.forksPerSecond = 10 }
        let start = stage.now
        while stage.now < start + .seconds(10) {
            stage.allBecomeReady()
            stage.ready.forEach { stage.kill($0, by: 11, requests: 1) }
            stage.advance(by: .milliseconds(5))
        }
        #expect(stage.forks <= 10 * 10 + 2 * 4 + 10)
        #expect(stage.forks >= 90)
    }
}
