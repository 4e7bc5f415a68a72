import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Process titles")
    struct TitleTests {
        /// What `ps` shows, which is where people look for it.
        private func title(of pid: pid_t) throws -> String {
            let shown = try Finished.running(["ps", "-o", "args=", "-p", "\(pid)"])
            return shown.output.trimmingPrefix { $0.isWhitespace }.split(separator: "\n").first.map(String.init) ?? ""
        }

        @Test("ps shows who is who, which route a worker is busy with, and nothing that is in the request", .needs(.ps))
        func titles() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            #expect(try title(of: service.supervisor).hasPrefix("fixture: supervisor"))
            #expect(try title(of: worker).hasPrefix("fixture: worker 1 generation 1 idle"))

            // A write waits in its handler for the database's lock, which the test holds.
            let database = try Database(service.databasePath)
            try database.query("BEGIN IMMEDIATE")
            let connection = try service.connect()
            var write = Note.write("titled")
            write.target += "?token=secret"
            connection.send(write.bytes)
            let busy = "fixture: worker 1 generation 1 busy POST /notes"
            #expect(eventually { (try? title(of: worker))?.hasPrefix(busy) == true })
            #expect(try !title(of: worker).contains("secret"))
            try database.query("ROLLBACK")
            #expect(connection.receive().status == 201)
            #expect(eventually { (try? title(of: worker))?.hasSuffix("generation 1 idle") == true })

            let mark = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: mark)
            let next = try #require(service.workers.first)
            #expect(try title(of: next) == "fixture: worker 1 generation 2 idle")
            service.stop()
        }

        @Test("where the environment leaves little room, titles are cut, and nothing else is", .needs(.ps))
        func littleRoom() throws {
            let directory = try TemporaryDirectory()
            let program = directory.path + "/A"
            try #require(symlink(Binary.fixture.path, program) == 0)
            let service = try Service(
                workers: 1,
                environment: ["PATH": "", "HOST": ""],
                in: directory,
                binary: program
            )
            let worker = try #require(service.workers.first)
            #expect(try service.answer(.get("/notes")).status == 200)
            #expect(try title(of: worker).hasPrefix("fixture: worker 1"))
            service.stop()
        }
    }
}
