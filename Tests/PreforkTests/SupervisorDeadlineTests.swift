import Linux
import Testing

@testable import Prefork

@Suite("Deadlines and exit reports")
struct SupervisorDeadlineTests {
    private func look(_ stage: inout Stage, at pid: Int32, deadline: MonotonicInstant) {
        let sample = Observation.Worker(pid: pid, busySince: stage.now, deadline: deadline)
        stage.send(.observed(.init(workers: [sample], waiting: 0)))
    }

    @Test("a worker is aborted when its request is over its deadline by the delay, and replaced at once")
    func stuckRequest() {
        var stage = Stage.serving(1)
        let stuck = stage.ready[0]
        let deadline = stage.now
        stage.advance(by: .seconds(1.9))
        look(&stage, at: stuck, deadline: deadline)
        #expect(stage.told(.abort).isEmpty)
        stage.advance(by: .seconds(0.2))
        look(&stage, at: stuck, deadline: deadline)
        #expect(stage.told(.abort) == [stuck])
        #expect(stage.booting.count == 1)
        stage.advance(by: .seconds(1))
        #expect(stage.told(.kill) == [stuck])
    }

    @Test("a request that is seen running is looked at again exactly when its worker would have to be aborted")
    func exact() {
        var stage = Stage.serving(1)
        let stuck = stage.ready[0]
        let due = stage.now + .milliseconds(300)
        let deadline = MonotonicInstant(nanoseconds: due.nanoseconds - 2_000_000_000)
        look(&stage, at: stuck, deadline: deadline)
        #expect(stage.state.nextDeadline == due)
        stage.advance(by: .milliseconds(300))
        #expect(stage.looks == 1)
        look(&stage, at: stuck, deadline: deadline)
        #expect(stage.told(.abort) == [stuck])
    }

    @Test("the supervisor looks for stuck requests once a second, and not at all when it need not")
    func looks() {
        var stage = Stage.serving(1)
        stage.advance(by: .seconds(10))
        #expect((9...11).contains(stage.looks))
        var careless = Stage.serving(1) { $0.abortDelay = nil }
        careless.advance(by: .seconds(10))
        #expect(careless.looks == 0)
        #expect(careless.state.nextDeadline == nil)
    }

    @Test("the log lines that a worker dropped and could not say so are said for it")
    func droppedLogLines() {
        var stage = Stage.serving(2)
        let pid = stage.ready[0]
        var death = WorkerExit(status: .killed(signal: 9), requests: 12)
        death.droppedLogLines = 7
        stage.send(.exited(pid: pid, death))
        let said = stage.notices.filter { $0.message == "log lines dropped" }
        #expect(said.map { $0["count"] } == [.integer(7)])
        #expect(said.map { $0["pid"] } == [.integer(Int(pid))])
        stage.send(.exited(pid: stage.ready[0], WorkerExit(status: .exited(0))))
        #expect(stage.notices.count { $0.message == "log lines dropped" } == 1)
    }

    @Test("what a dead worker was doing is said in full")
    func blackBox() {
        var stage = Stage.serving(1)
        let pid = stage.ready[0]
        let startedAt = stage.now
        stage.advance(by: .seconds(3))
        var death = WorkerExit(status: .killed(signal: 11), requests: 12)
        let request = BlackBox(
            label: "GET /v1/rooms/101",
            id: "r-1",
            startedAt: startedAt,
            deadline: nil,
            isTorn: false
        )
        death.lanes = [.init(request: request, backtrace: ["frame"])]
        stage.send(.exited(pid: pid, death))
        let notice = stage.said("worker exited").first
        #expect(notice?.level == .error)
        #expect(notice?["worker"] == .integer(Int(pid)))
        #expect(notice?["how"] == .text("crashed with SIGSEGV"))
        #expect(notice?["request"] == .text("GET /v1/rooms/101"))
        #expect(notice?["requestId"] == .text("r-1"))
        #expect(notice?["runningFor"] == .duration(.seconds(3)))
        #expect(notice?["backtrace"] == .text("frame"))
        #expect(notice?["requests"] == .integer(12))
    }

    @Test("a worker with several threads names all its requests, the one that is to blame first")
    func blackBoxes() {
        var stage = Stage.serving(1)
        let now = stage.now
        func box(_ label: String, _ age: Int, deadline: MonotonicInstant? = nil) -> BlackBox {
            BlackBox(label: label, id: label, startedAt: now - .seconds(age), deadline: deadline, isTorn: false)
        }
        var exit = WorkerExit(status: .killed(signal: 6))
        exit.lanes = [
            .init(request: box("a", 1)), .init(request: box("b", 2), backtrace: ["stuck"]), .init(request: box("c", 9)),
            .init(request: box("d", 1, deadline: stage.now)),
        ]
        stage.send(.exited(pid: stage.ready[0], exit))
        let notice = stage.said("worker exited").first
        #expect(notice?["request"] == .text("b"))
        #expect(notice?["runningFor"] == .duration(.seconds(2)))
        #expect(notice?["backtrace"] == .text("stuck"))
        #expect(notice?["otherRequests"] == .text("d (d), c (c), a (a)"))
        #expect(stage.said("worker exited in further requests").isEmpty)
    }

    @Test("however many and long the requests of a worker were, all are named, in lines that a log takes whole")
    func manyBlackBoxes() {
        var stage = Stage.serving(1)
        var exit = WorkerExit(status: .killed(signal: 6))
        exit.lanes = (1...17).map { index in
            let path = "GET /" + String(repeating: "x", count: 190)
            let start = stage.now - .seconds(index)
            return .init(request: BlackBox(label: path, id: "id-\(index)-", startedAt: start, isTorn: false))
        }
        stage.send(.exited(pid: stage.ready[0], exit))
        let lists = (stage.said("worker exited") + stage.said("worker exited in further requests")).compactMap {
            notice in
            if case .text(let list) = notice["otherRequests"] { list } else { nil }
        }
        #expect(lists.count > 1 && lists.allSatisfy { $0.utf8.count <= 1100 })
        #expect(stage.said("worker exited").first?["requestId"] == .text("id-17-"))
        for index in 1...16 {
            #expect(lists.count { $0.contains("(id-\(index)-)") } == 1)
        }
    }

    @Test(
        "an exit is told in plain words",
        arguments: [
            (WorkerExit(status: .exited(3)), "exited with code 3"),
            (WorkerExit(status: .killed(signal: 9)), "killed by SIGKILL"),
            (WorkerExit(status: .killed(signal: 9), isOutOfMemory: true), "killed by SIGKILL (probably out of memory)"),
            (WorkerExit(status: .killed(signal: 15)), "killed by SIGTERM"),
            (WorkerExit(status: .killed(signal: 6)), "crashed with SIGABRT"),
            (
                WorkerExit(status: .killed(signal: 4)),
                "crashed with SIGILL (as Swift does for an index out of range, a nil or a failed precondition)"
            ),
        ]
    )
    func words(death: WorkerExit, words: String) {
        #expect(death.words == words)
    }

    @Test("a supervisor that was stopped kills nobody when it wakes")
    func suspended() {
        var stage = Stage.serving(2) {
            $0.bootTimeout = .seconds(5)
            $0.shutdownTimeout = .seconds(5)
        }
        stage.send(.ordered(.roll))
        stage.becomeReady(stage.booting[0])
        #expect(stage.leaving.count == 1 && stage.booting.count == 1)
        let busy = stage.ready[0]
        let deadline = stage.now + .seconds(1)
        stage.sleepThrough(.seconds(60))
        look(&stage, at: busy, deadline: deadline)
        #expect(stage.told(.kill).isEmpty && stage.told(.abort).isEmpty)
        // All get the time that they would have had.
        stage.advance(by: .seconds(1))
        #expect(stage.told(.kill).isEmpty && stage.told(.abort).isEmpty)
        stage.advance(by: .seconds(10))
        #expect(!stage.told(.kill).isEmpty && !stage.told(.abort).isEmpty)
    }

    @Test("a stop that was slept through still ends")
    func suspendedStop() {
        var stage = Stage.serving(1) { $0.shutdownTimeout = .seconds(5) }
        stage.send(.ordered(.stop))
        stage.sleepThrough(.seconds(60))
        #expect(stage.told(.kill).isEmpty)
        stage.advance(by: .seconds(6))
        #expect(stage.told(.kill).count == 1)
        stage.kill(stage.pids[0])
        #expect(stage.exitCode == .workersKilled)
    }
}
