import Glibc
import Jobs
import TestDatabases
import Testing
import Values

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The process beside the job workers, for who looks after them")
    struct WorkOpsTests {
        private static let stores = [Store.sqlite, .postgreSQL].filter { Store.all.contains($0) }
        private static let environment = ["WORK_OPS_PORT": "0", "LOG_LEVEL": "info"]

        @Test("shows jobs by state, attempts by outcome, and the job workers", arguments: stores)
        func metrics(store: Store) throws {
            let stage = try JobsStage(on: store, Self.environment)
            let tree = try stage.work()
            let ops = try OpsPort(in: tree.log)
            #expect(try ops.answer(.get("/livez")).status == 200)
            #expect(try eventually { try ops.answer(.get("/readyz")).status == 200 })
            try stage.add([Mark(name: "quiet"), Mark(name: "twice", failures: 1)])
            try stage.add([Mark(name: "doomed", failures: 9)]) { _ in .init(maximumAttempts: 1) }
            try stage.add([Mark(name: "late")]) { _ in .init(runAt: JobsStage.now.adding(.seconds(3600))) }
            try stage.add([Mark(name: "long", milliseconds: 2500)])
            func attempts(_ outcome: String) throws -> Double {
                try ops.scrape().sum("panal_job_duration_seconds_count", "kind=\"mark\"", "outcome=\"\(outcome)\"")
            }
            #expect(try eventually { try attempts("done") == 3 })
            #expect(try attempts("failed") == 1 && attempts("dead") == 1)
            #expect(try ops.scrape().sum("panal_job_duration_seconds_sum", "kind=\"mark\"", "done") > 2.5)
            func jobs(_ state: String) throws -> Double {
                try ops.scrape().sum("panal_jobs", "kind=\"mark\"", "state=\"\(state)\"")
            }
            #expect(try eventually { try jobs("dead") == 1 && jobs("delayed") == 1 && jobs("running") == 0 })
            #expect(try ops.scrape().sum("panal_jobs_oldest_age_seconds", "state=\"dead\"") > 0)
            let workers = try ops.answer(.get("/workers")).text
            for worker in ProcessTree.children(of: tree.supervisor)
            where ProcessTree.commandLine(of: worker).contains("job worker") {
                #expect(workers.contains("\"pid\":\(worker)"))
            }
            // It serves no requests, and does not look as if it did.
            #expect(try ops.scrape().count(of: "panal_pool_workers") == 0)
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
        }

        @Test("tells jobs that wait from those that run, and for how long they have waited")
        func waiting() throws {
            let stage = try JobsStage(
                on: .sqlite,
                Self.environment.merging(["WORK_CONCURRENCY": "1", "WORK_THREADS": "1"]) { $1 }
            )
            let tree = try stage.work()
            let ops = try OpsPort(in: tree.log)
            // So many that the queue is long for several readings of it, also on a busy machine.
            try stage.add((0..<20).map { Mark(name: "\($0)", milliseconds: 2500) })
            #expect(
                try eventually {
                    let scrape = try ops.scrape()
                    return scrape.sum("panal_jobs", "mark", "queued") >= 3
                        && scrape.sum("panal_jobs", "mark", "running") == 1
                        && scrape.sum("panal_jobs_oldest_age_seconds", "mark", "queued") > 1
                }
            )
            // Jobs that wait are no reason to send nothing more.
            #expect(try ops.answer(.get("/readyz")).status == 200)
            kill(tree.supervisor, SIGQUIT)
            #expect(tree.waitForExit() != nil)
        }

        @Test("counts go on when job workers are killed, rolled and upgraded, and orders are followed")
        func lives() throws {
            let stage = try JobsStage(on: .sqlite, Self.environment)
            let tree = try stage.work()
            let ops = try OpsPort(in: tree.log)
            var last = try ops.scrape()
            for (order, outcome) in [(SIGHUP, "roll finished"), (SIGUSR2, "roll finished"), (SIGTTIN, "worker ready")] {
                try stage.add((0..<5).map { Mark(name: "\($0)") })
                let mark = tree.log.mark
                tree.signal(order)
                for _ in 0..<10 {
                    let now = try ops.scrape()
                    #expect(now.fallen(since: last) == [])
                    last = now
                }
                try tree.log.wait(for: outcome, after: mark)
            }
            #expect(
                try eventually {
                    try ops.scrape().sum("panal_job_duration_seconds_count", "kind=\"mark\"", "done") == 15
                }
            )
            let mark = tree.log.mark
            #expect(try ops.answer(Request(method: "POST", target: "/roll", body: [])).status == 202)
            try tree.log.wait(for: "roll finished", after: mark)
            #expect(try ops.answer(Request(method: "POST", target: "/shrink", body: [])).status == 202)
            try tree.log.wait(for: "size changed", after: mark)
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
        }

        @Test("answers in time while the store does not, and says so", .needs(.postgres))
        func storeDown() throws {
            let stage = try JobsStage(on: .postgreSQL, Self.environment)
            let tree = try stage.work()
            let ops = try OpsPort(in: tree.log)
            #expect(try eventually { try ops.answer(.get("/readyz")).status == 200 })
            let server = try #require(stage.server)
            let postmaster = ProcessTree.read(server.socketDirectory + "/data/postmaster.pid")?.split(separator: "\n")
                .first
            let database = try #require(postmaster.flatMap { pid_t($0) })
            let processes = [database] + ProcessTree.descendants(of: database)
            for process in processes { kill(process, SIGSTOP) }
            defer { for process in processes { kill(process, SIGCONT) } }
            #expect(try eventually { try ops.answer(.get("/readyz")).status == 503 })
            #expect(ops.latenessAtBest(readiness: 503) == [])
            for process in processes { kill(process, SIGCONT) }
            #expect(try eventually { try ops.answer(.get("/readyz")).status == 200 })
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
        }

        @Test("has a port of its own, because `serve` runs in the same environment")
        func bothAtOnce() throws {
            let stage = try JobsStage(on: .sqlite, Self.environment.merging(["OPS_PORT": "0"]) { $1 })
            let tree = try stage.work()
            let web = try Service(.jobs, workers: 1, environment: stage.environment, migrates: false)
            let (ofWork, ofWeb) = (try OpsPort(in: tree.log), try OpsPort(in: web.log))
            #expect(ofWork.port != ofWeb.port)
            #expect(web.ask(Request(method: "POST", target: "/marks")).answer?.status == 204)
            #expect(
                try eventually { try ofWork.scrape().sum("panal_job_duration_seconds_count", "kind=\"mark\"") == 1 }
            )
            #expect(try ofWeb.scrape().sum("http_server_request_duration_seconds_count") == 1)
            #expect(try ofWeb.scrape().count(of: "panal_job_duration_seconds_count") == 0)
            web.stop()
            tree.signal(SIGTERM)
            #expect(tree.waitForExit() == .code(0))
        }
    }
}
