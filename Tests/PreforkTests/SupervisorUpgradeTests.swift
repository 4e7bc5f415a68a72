import Glibc
import Linux
import Testing

@testable import Prefork

@Suite("Upgrade in place")
struct SupervisorUpgradeTests {
    @Test("the new program is tried first, and takes over only when that went well")
    func preflight() {
        var stage = Stage.serving(2)
        stage.send(.ordered(.upgrade))
        #expect(stage.others == [.preflight])
        stage.send(.ordered(.upgrade))
        #expect(stage.others == [.preflight])
        stage.send(.preflightStarted(pid: 900))
        #expect(stage.others == [.preflight])
        stage.send(.preflightEnded(failure: nil))
        #expect(stage.others == [.preflight, .handOver])
        #expect(stage.signals.isEmpty)
        #expect(stage.ready.count == 2)
    }

    @Test("a new program that fails changes nothing, and the next one may be tried")
    func failure() {
        var stage = Stage.serving(2)
        stage.send(.ordered(.upgrade))
        stage.send(.preflightStarted(pid: 900))
        stage.send(.preflightEnded(failure: "the new program exited with code 78"))
        #expect(stage.said("upgrade abandoned").first?["because"] == .text("the new program exited with code 78"))
        #expect(stage.signals.isEmpty && stage.forks == 0)
        stage.send(.ordered(.upgrade))
        #expect(stage.others == [.preflight, .preflight])
    }

    @Test("a new program that cannot even be started changes nothing")
    func cannotStart() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.upgrade))
        stage.send(.preflightEnded(failure: "fork failed"))
        #expect(stage.said("upgrade abandoned").count == 1)
    }

    @Test("a new program that does not become ready in time is told to leave, then killed")
    func hanging() {
        var stage = Stage.serving(1) {
            $0.bootTimeout = .seconds(3)
            $0.shutdownTimeout = .seconds(2)
        }
        stage.send(.ordered(.upgrade))
        stage.send(.preflightStarted(pid: 900))
        stage.advance(by: .seconds(4.9))
        #expect(stage.signals.isEmpty)
        stage.advance(by: .seconds(0.2))
        #expect(stage.told(.terminate) == [900])
        stage.advance(by: .seconds(1))
        #expect(stage.told(.kill) == [900])
        stage.send(.preflightEnded(failure: "killed by SIGKILL"))
        #expect(
            stage.said("upgrade abandoned").first?["because"] == .text("the new program did not become ready in time")
        )
        #expect(stage.ready.count == 1)
    }

    @Test("a takeover waits for workers that boot, and starts no further successors meanwhile")
    func takeoverWaits() {
        var stage = Stage.serving(2)
        stage.send(.ordered(.roll))
        stage.send(.ordered(.upgrade))
        stage.send(.preflightStarted(pid: 900))
        stage.send(.preflightEnded(failure: nil))
        #expect(!stage.others.contains(.handOver), "one successor boots")
        stage.becomeReady(stage.booting[0])
        #expect(stage.others.contains(.handOver))
        #expect(stage.booting.isEmpty)
        #expect(
            stage.said("roll finished").map { $0["verdict"] }
                == [.text("broken off: the next program replaces all workers")]
        )
        // Should it fail after all, the next roll is a whole one.
        stage.send(.takeoverFailed(reason: "exec failed"))
        #expect(stage.booting.isEmpty)
        stage.allLeave()
        stage.send(.ordered(.roll))
        stage.allBecomeReady()
        stage.allLeave()
        #expect(stage.said("roll finished").last?["verdict"] == .text("all workers replaced"))
    }

    @Test("a takeover that fails changes nothing")
    func takeoverFails() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.upgrade))
        stage.send(.preflightStarted(pid: 900))
        stage.send(.preflightEnded(failure: nil))
        stage.send(.takeoverFailed(reason: "exec failed"))
        #expect(stage.said("upgrade abandoned").count == 1)
        stage.send(.ordered(.roll))
        #expect(stage.booting.count == 1)
    }

    @Test("workers that crash during a preflight are replaced")
    func crashMeanwhile() {
        var stage = Stage.serving(2)
        stage.send(.ordered(.upgrade))
        stage.send(.preflightStarted(pid: 900))
        stage.kill(stage.ready[0], requests: 1)
        #expect(stage.booting.count == 1)
    }

    @Test("a roll goes on during a preflight")
    func rollMeanwhile() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.upgrade))
        stage.send(.preflightStarted(pid: 900))
        stage.send(.ordered(.roll))
        stage.allBecomeReady()
        stage.allLeave()
        #expect(stage.said("roll finished").count == 1)
    }

    /// A service whose preflight goes on while it is told to stop, and whose workers have left.
    private func stoppedInPreflight(_ order: Order) -> Stage {
        var stage = Stage.serving(1) { $0.shutdownTimeout = .seconds(2) }
        stage.send(.ordered(.upgrade))
        stage.send(.preflightStarted(pid: 900))
        stage.send(.ordered(order))
        stage.allLeave()
        return stage
    }

    @Test("a stop ends the preflight and waits for it, because it may have accepted a request")
    func stop() {
        var stage = stoppedInPreflight(.stop)
        #expect(stage.told(.terminate).contains(900))
        #expect(stage.exitCode == nil)
        stage.send(.preflightEnded(failure: nil))
        #expect(stage.said("upgrade abandoned").map { $0["because"] } == [.text("the service stops")])
        #expect(stage.exitCode == .stopped)
        #expect(!stage.others.contains(.handOver))
    }

    @Test("a preflight that does not listen holds a stop up no longer than a worker may, and is killed")
    func stubbornPreflight() {
        var stage = stoppedInPreflight(.stop)
        stage.advance(by: .seconds(1.9))
        #expect(stage.told(.kill).isEmpty)
        stage.advance(by: .seconds(0.2))
        #expect(stage.told(.kill) == [900])
        stage.send(.preflightEnded(failure: "killed by SIGKILL"))
        #expect(stage.exitCode == .stopped)
    }

    @Test("a stop at once kills the preflight at once, also one that was told to leave before")
    func quickStop() {
        var stage = stoppedInPreflight(.stopNow)
        #expect(stage.told(.kill) == [900])
        stage.send(.preflightEnded(failure: "killed by SIGKILL"))
        #expect(stage.exitCode == .stopped)

        stage = stoppedInPreflight(.stop)
        stage.send(.ordered(.stopNow))
        #expect(stage.told(.kill) == [900])
    }

    @Test("a service that gives up takes its preflight with it")
    func givingUp() {
        var configuration = SupervisorConfiguration(workers: 1)
        configuration.bootAttempts = 1
        var stage = Stage(configuration)
        stage.send(.started)
        stage.send(.ordered(.upgrade))
        stage.send(.preflightStarted(pid: 900))
        stage.exit(stage.booting[0], 1)
        #expect(stage.told(.kill) == [900])
        stage.send(.preflightEnded(failure: "killed by SIGKILL"))
        #expect(stage.exitCode == .workersCannotBoot)
    }

    @Test("a preflight that is confirmed only after it was given up is killed")
    func latePreflight() {
        var stage = Stage.serving(1)
        stage.send(.ordered(.upgrade))
        stage.send(.ordered(.stop))
        stage.send(.preflightStarted(pid: 900))
        #expect(stage.told(.kill) == [900])
    }

    @Test("the program that took over replaces the old workers as in a roll, and says ready when all are new")
    func adoption() {
        let now = MonotonicInstant(nanoseconds: 1 << 40)
        let old = ([50, 51] as [Int32]).enumerated().map { index, pid in
            let worker = Handover.Worker(pid: pid, slot: index + 1, number: index + 1, generation: 4, phase: .ready)
            return WorkerHandle(worker, SupervisorConfiguration(workers: 3), now)
        }
        var stage = Stage(SupervisorConfiguration(workers: 3), adopting: old, generation: 4, target: 2)
        stage.send(.started)
        #expect(stage.said("upgrade taken over").count == 1)
        #expect(stage.booting.count == 1)
        #expect(stage.specs[stage.booting[0]]?.generation == 5)
        #expect(stage.signals.isEmpty)
        stage.allBecomeReady()
        #expect(stage.told(.terminate) == [50, 51])
        #expect(stage.said("ready").isEmpty)
        stage.allLeave()
        #expect(stage.said("ready").count == 1)
        #expect(stage.ready.count == 2)
    }

    @Test("if the new program's workers cannot boot after all, the old ones go on")
    func adoptionFails() {
        let now = MonotonicInstant(nanoseconds: 1 << 40)
        let worker = Handover.Worker(pid: 50, slot: 0, number: 1, generation: 1, phase: .ready)
        let old = WorkerHandle(worker, SupervisorConfiguration(workers: 1), now)
        var stage = Stage(SupervisorConfiguration(workers: 1), adopting: [old], generation: 1, target: 1)
        stage.send(.started)
        for _ in 0..<30 {
            stage.booting.forEach { stage.exit($0, 1) }
            stage.advance(by: .seconds(1))
        }
        #expect(stage.exitCode == nil)
        #expect(stage.ready == [50])
        #expect(stage.abandonedRolls.count == 1)
    }
}

@Suite("The next program's file")
struct ProgramFileTests {
    @Test("it stays what it was when another takes its place, and is changed by who writes into it")
    func identity() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let (path, other) = (folder.path + "/App", folder.path + "/Other")
        func write(_ text: String, to path: String) throws {
            let file = try #require(fopen(path, "a"))
            fputs(text, file)
            fclose(file)
        }
        try write("the good one", to: path)
        try write("the broken one", to: other)
        let program = try ProgramFile(path)
        #expect(rename(other, path) == 0)
        #expect(!program.isChanged)
        #expect(try !ProgramFile(path).isChanged)
        let broken = try ProgramFile(path)
        try write(", now broken further", to: path)
        #expect(broken.isChanged)
        #expect(!program.isChanged)
        #expect(throws: SystemError("open \(other)", code: ENOENT)) { try ProgramFile(other) }
    }
}

@Suite("Handover")
struct HandoverTests {
    @Test("what is handed over arrives whole")
    func text() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let listener = try Listener(on: .unix(path: folder.path + "/s"))
        var handover = Handover(role: .takeover, listener: listener)
        handover.file?.path = "/run/with a space/s"
        (handover.program, handover.scoreboard, handover.wakeup) = (9, 7, 8)
        handover.layout = .init(version: 3, lanes: 16)
        (handover.target, handover.generation) = (5, 12)
        handover.workers = [
            .init(pid: 100, slot: 0, number: 1, generation: 12, phase: .ready),
            .init(pid: 101, slot: 511, number: 2, generation: 11, phase: .draining),
        ]
        handover.mailboxes = [.init(slot: 0, sender: 20, receiver: 21), .init(slot: 511, sender: 22, receiver: 23)]
        handover.memory = ["metrics": 30, "handler-times": 31]
        handover.notices = [#"{"level":"info","message":"worker ready"}"#, "another one"]
        #expect(Handover(text: handover.text) == handover)
        #expect(handover.descriptors == [listener.descriptor, 7, 8, 20, 21, 22, 23, 30, 31])
    }

    @Test("a reader ignores what it does not know, and refuses what says too little")
    func otherVersions() {
        let handover = Handover(
            text: "future 1 2 3\nrole rehearsal\nlistener 3 shared\nworker 1 2\nmailbox 512 4 5\nmailbox 1\nalone\n"
        )
        #expect(handover?.role == .preflight)
        #expect(handover?.listener == 3)
        #expect(handover?.listenerIsShared == true)
        #expect(handover?.workers.isEmpty == true && handover?.mailboxes.isEmpty == true)
        for text in ["", "role rehearsal\n", "listener 3 own\n", "role king\nlistener 3 own\n", "role \nlistener x\n"] {
            #expect(Handover(text: text) == nil)
        }
    }

    @Test("the file carries the handover there and the answer back")
    func file() throws {
        let listener = try Listener(on: .tcp(host: "127.0.0.1", port: 0))
        let file = try HandoverFile(Handover(role: .preflight, listener: listener))
        #expect(!file.isPassed && file.failure == nil)
        file.answerFailed("exec /app failed: No such file or directory")
        #expect(file.failure == "exec /app failed: No such file or directory")
        file.answerPassed()
        #expect(file.isPassed)
    }
}
