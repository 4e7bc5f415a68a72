import Glibc
import Jobs
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Job workers")
    struct WorkTests {
        private static let stores = [Store.sqlite, .postgreSQL].filter { Store.all.contains($0) }

        @Test("do jobs, tell how each ended, and never what there was to do", arguments: stores)
        func outcomes(store: Store) throws {
            let stage = try JobsStage(on: store)
            let tree = try stage.work()
            try stage.add([Mark(name: "quiet")])
            try stage.add([Mark(name: "twice", failures: 1)])
            try stage.add([Mark(name: "doomed", failures: 9)]) { _ in JobOptions(maximumAttempts: 2) }
            let done = try tree.log.wait(for: "job done", count: 2) { $0["kind"]?.string == "mark" }
            #expect(done.contains { $0["attempt"]?.int == 2 } && done.contains { $0["attempt"]?.int == 1 })
            let failed = try tree.log.wait(for: "job failed, it is tried again", count: 2)
            #expect(failed.allSatisfy { $0["cause"]?.string == "told to fail" && $0["durationMs"] != nil })
            let dead = try tree.log.wait(for: "job dead, it is kept with its error")
            #expect(dead["attempt"]?.int == 2 && dead["jobId"]?.int != nil)

            let listed = try Finished.running(
                Binary.jobs.command("jobs", "list", "--dead"),
                environment: stage.environment
            )
            #expect(listed.output.contains("told to fail") && !listed.output.contains("doomed"), "\(listed.output)")
            let id = try #require(dead["jobId"]?.int)
            for (order, code, words) in [("retry", 0, "retried job"), ("retry", 1, "no job"), ("drop", 1, "no job")] {
                let number = code == 0 ? "\(id)" : "999999"
                let ordered = try Finished.running(
                    Binary.jobs.command("jobs", order, number),
                    environment: stage.environment
                )
                #expect(ordered.exit == .code(Int32(code)) && (ordered.output + ordered.errors).contains(words))
            }
            #expect(stage.wait { $0.filter { $0.name == "doomed" && $0.kind == .begin }.count == 4 })

            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
            #expect(tree.log.faults == [])
            for name in ["quiet", "twice", "doomed"] { #expect(!tree.log.events.contains { $0.line.contains(name) }) }
        }

        @Test("are told of a job by the commit that adds it, whichever process that was", arguments: stores)
        func waking(store: Store) throws {
            let stage = try JobsStage(on: store)
            let tree = try stage.work()
            let web = try Service(.jobs, workers: 1, environment: stage.environment, migrates: false)
            // The slow look is every five seconds: twenty by luck alone would take a minute.
            let deadline = Deadline.after(15)
            for number in 1...20 {
                #expect(web.ask(Request(method: "POST", target: "/marks")).answer?.status == 204)
                #expect(stage.wait(by: deadline) { $0.count { $0.name == "asked" && $0.kind == .end } == number })
            }
            #expect(!deadline.isOver)
            web.stop()
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
        }

        @Test("behind a pooler nobody tells them, so they look every second, and say so", .needs(.pgbouncer, .postgres))
        func pooler() throws {
            let stage = try JobsStage(on: .pooledPostgreSQL)
            let tree = try stage.work(["WORK_CONCURRENCY": "1"])
            let told = try tree.log.wait(for: "nobody tells of new jobs, they are looked for every second")
            #expect(told["reason"]?.string == "a pooler gives notifications to nobody")
            try stage.add([Mark(name: "one")])
            #expect(stage.wait { $0.contains { $0.name == "one" && $0.kind == .end } })
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
        }

        @Test("do periodic work once each time, however many there are", arguments: stores)
        func periodic(store: Store) throws {
            let stage = try JobsStage(on: store)
            let trees = try (0..<2).map { _ in try stage.work() }
            #expect(stage.wait { $0.count { $0.name == "tick" && $0.kind == .end } >= 4 })
            for tree in trees {
                tree.signal(SIGTERM)
                #expect(tree.waitForExit() == .code(0))
            }
            let begins = try stage.events().filter { $0.name == "tick" && $0.kind == .begin }
            #expect(Set(begins.map(\.idempotencyID)).count == begins.count)
            for (former, next) in zip(begins, begins.dropFirst()) { #expect(next.time - former.time > 0.2) }
        }

        @Test("become more when all they have threads for are at work, as many as they may be")
        func growth() throws {
            let stage = try JobsStage(on: .sqlite)
            let tree = try stage.work(["WORK_CONCURRENCY": "1-2", "WORK_THREADS": "1"])
            try stage.add((0..<6).map { Mark(name: "long\($0)", milliseconds: 2_500) })
            let grown = try tree.log.wait(for: "size changed")
            #expect(grown["to"]?.int == 2 && grown["because"]?.string == "all workers are busy")
            #expect(stage.wait { events in Set(events.filter { $0.kind == .end }.map(\.process)).count == 2 })
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0), "\(tree.log.tail)")
        }

        @Test("do a job once that lasts longer than its lease", arguments: stores)
        func longJob(store: Store) throws {
            let stage = try JobsStage(on: store)
            let trees = try (0..<2).map { _ in try stage.work() }
            try stage.add([Mark(name: "long", milliseconds: Int(JobsStage.lease * 1_000) + 500)])
            #expect(stage.wait { $0.contains { $0.name == "long" && $0.kind == .end } })
            for tree in trees {
                tree.signal(SIGTERM)
                #expect(tree.waitForExit() == .code(0))
            }
            #expect(try stage.events().count { $0.name == "long" && $0.kind == .begin } == 1)
            #expect(try stage.remaining() == 0)
        }

        @Test("finish what they have begun when they are told to leave, and begin nothing more")
        func drain() throws {
            let stage = try JobsStage(on: .sqlite)
            let tree = try stage.work(["WORK_CONCURRENCY": "1", "WORK_THREADS": "1"])
            try stage.add([Mark(name: "begun", milliseconds: 600), Mark(name: "next")])
            #expect(stage.wait { $0.contains { $0.name == "begun" } })
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
            let events = try stage.events()
            #expect(events.contains { $0.name == "begun" && $0.kind == .end })
            #expect(!events.contains { $0.name == "next" })
            #expect(try stage.remaining() == 1)
        }

        @Test("that stay in a job after its time are aborted, and the log says in which; the job is run again")
        func stuck() throws {
            let stage = try JobsStage(on: .sqlite)
            let tree = try stage.work(["WORK_CONCURRENCY": "1"])
            try stage.add([Mark(name: "stuck", milliseconds: 60_000)]) { _ in JobOptions(maximumAttempts: 1) }
            let exit = try tree.log.wait(for: "worker exited")
            #expect(exit["request"]?.string == "JOB mark")
            #expect(exit["requestId"]?.string?.isEmpty == false)
            #expect(exit["how"]?.string == "killed: its request was still running after its deadline")
            try tree.log.wait(for: "job dead, its worker did not come back from the last attempt")
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
        }

        @Test("are rolled, resized, and renewed by the program on disk, without a job that is done twice")
        func orders() throws {
            let stage = try JobsStage(on: .sqlite)
            let tree = try stage.work(["WORK_CONCURRENCY": "1"])
            let names = (0..<300).map { "job\($0)" }
            try stage.add(names.map { Mark(name: $0, milliseconds: 20) })
            tree.signal(SIGHUP)
            try tree.log.wait(for: "roll finished")
            tree.signal(SIGTTIN)
            #expect(eventually { ProcessTree.children(of: tree.supervisor).count == 2 })
            tree.signal(SIGTTOU)
            #expect(eventually { ProcessTree.children(of: tree.supervisor).count == 1 })
            let mark = tree.log.mark
            tree.signal(SIGUSR2)
            try tree.log.wait(for: "job workers ready", after: mark)
            #expect(stage.wait { $0.count { $0.kind == .end && $0.name != "tick" } == names.count })
            #expect(try stage.events().count { $0.kind == .begin && $0.name != "tick" } == names.count)
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0), "\(tree.log.tail)")
        }

        @Test("are not started without jobs, nor with a connection too few: exit code 78")
        func refusals() throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, [:])
            let idle = try Finished.running(Binary.jobs.command("work"), environment: environment)
            #expect(idle.exit == .code(78))
            #expect(idle.output.contains("the service has no jobs to run: it declares none in addJobs"))
            guard Store.postgreSQL.isInstalled else { return }
            let small = Service.environment(
                in: directory,
                [
                    "DATABASE_URL": try PostgreSQLServer.running().url(of: "postgres").description,
                    "DATABASE_CONNECTIONS": "10", "MARKS": "x", "WORK_CONCURRENCY": "2", "WORK_THREADS": "4",
                ]
            )
            let crowded = try Finished.running(Binary.jobs.command("work"), environment: small)
            #expect(crowded.exit == .code(78))
            #expect(
                crowded.output.contains(
                    "need 15, and there are 10: set WORK_CONCURRENCY to 1 or less, or set WORK_THREADS to 2"
                )
            )
        }

        @Test("wait for a database that comes later, and go on after one that was away", .needs(.postgres))
        func restart() throws {
            let stage = try JobsStage(on: .postgreSQL)
            let tree = try stage.work()
            try stage.server?.restart(.immediate)
            try stage.add([Mark(name: "one")])
            #expect(stage.wait { $0.contains { $0.name == "one" && $0.kind == .end } })
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
        }
    }
}
