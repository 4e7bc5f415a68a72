import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The database's file")
    struct DatabaseTests {
        private func setMode(ofFolder folder: mode_t, ofFiles files: mode_t, in directory: String) {
            for name in ProcessTree.names(in: directory) where name.hasPrefix("service.sqlite") {
                chmod(directory + "/" + name, files)
            }
            chmod(directory, folder)
        }

        @Test(
            "a database that may only be read serves reads and says so; once it may be written, no write is refused",
            .needsOrdinaryUser
        )
        func readOnly() throws {
            let directory = try TemporaryDirectory()
            try Service.prepare(.fixture, Service.environment(in: directory, [:]))
            // A log that is there already can be read without write access.
            let database = try Database(directory.path + "/service.sqlite")
            try database.query("SELECT count(*) FROM note")
            setMode(ofFolder: 0o555, ofFiles: 0o444, in: directory.path)

            let service = try Service(
                workers: 3,
                in: directory,
                migrates: false
            )
            // Connections enough for every worker to have opened the database, and to refuse.
            let clients = try (0..<12).map { _ in try service.connect() }
            for (number, client) in clients.enumerated() {
                #expect(client.exchange(.get("/notes")).status == 200)
                let ready = client.exchange(.get("/readyz")).answer
                #expect(ready?.status == 200)
                #expect(ready?.json?["warnings"]?.array?.count == 1, "\(ready?.text ?? "")")
                let refused = client.exchange(Note.write("\(number)")).answer
                #expect(refused?.status == 503)
                #expect(refused?["Retry-After"] != nil)
                // And the connection of each is one that was opened without write access.
                #expect(client.exchange(.get("/notes")).status == 200)
            }

            setMode(ofFolder: 0o755, ofFiles: 0o644, in: directory.path)
            for (number, client) in clients.enumerated() {
                #expect(client.exchange(Note.write("\(number)")).status == 201)
                #expect(client.exchange(.get("/readyz")).answer?.text == #"{"ready":true}"#)
            }
            service.stop()
        }

        @Test(
            "a worker that goes on reading by a connection that may only read is replaced once the database may be written",
            .needsOrdinaryUser
        )
        func barred() throws {
            let directory = try TemporaryDirectory()
            try Service.prepare(.fixture, Service.environment(in: directory, [:]))
            let database = try Database(directory.path + "/service.sqlite")
            try database.query("SELECT count(*) FROM note")
            setMode(ofFolder: 0o555, ofFiles: 0o444, in: directory.path)
            let service = try Service(workers: 1, in: directory, migrates: false)
            let former = service.workers
            // A thread that has a connection keeps it for as long as it waits.
            let partner = try Partner()
            let reader = try service.connect()
            reader.send(Request.get("/read-and-ask/\(partner.port)/held").bytes)
            #expect(partner.nextQuestion() == "held")
            #expect(try service.answer(Note.write("early")).status == 503)
            #expect(service.workers == former, "nobody else could write either")

            setMode(ofFolder: 0o755, ofFiles: 0o644, in: directory.path)
            let mark = service.log.mark
            #expect(eventually { service.ask(Note.write("late")).status == 201 })
            // The one that waits is answered by the former worker, which is replaced for its sake and loses nothing.
            #expect(try service.log.wait(for: "worker ready", after: mark).worker.map { !former.contains($0) } == true)
            partner.answerAll()
            #expect(reader.receive().status == 204)
            #expect(eventually { service.workers.count == 1 && service.workers != former })
            for number in 0..<12 { #expect(try service.answer(Note.write("\(number)")).status == 201) }
            service.stop()
        }

        @Test("why a store is not ready is told to the log, once and in full, and to strangers in general terms")
        func reasons() throws {
            let service = try Service(workers: 1, migrates: false)
            let clients = try (0..<3).map { _ in try service.connect() }
            func probe(times: Int) -> [Answer] {
                (0..<times).compactMap { clients[$0 % clients.count].exchange(.get("/readyz")).answer }
            }
            func expectGeneralTerms(_ answers: [Answer], sourceLocation: SourceLocation = #_sourceLocation) {
                for answer in answers {
                    #expect(answer.status == 503, sourceLocation: sourceLocation)
                    #expect(!answer.text.contains(service.directory.path), sourceLocation: sourceLocation)
                    #expect(!answer.text.lowercased().contains("sqlite"), sourceLocation: sourceLocation)
                }
            }
            expectGeneralTerms(probe(times: 10))
            let missing = try service.log.wait(for: "store not ready")
            #expect(missing.level == "error")
            #expect(missing["reason"]?.string?.contains("there is no database at \(service.databasePath)") == true)

            try Service.prepare(.fixture, service.environment)
            #expect(probe(times: 10).map(\.text) == [String](repeating: #"{"ready":true}"#, count: 10))
            try service.log.wait(for: "store is ready again")

            // Another reason is another event.
            #expect(rename(service.databasePath, service.databasePath + ".away") == 0)
            #expect(mkdir(service.databasePath, 0o700) == 0)
            expectGeneralTerms(probe(times: 10))
            let unreachable = try service.log.wait(for: "store not ready") { $0.line != missing.line }
            #expect(unreachable["reason"]?.string?.contains("SQLite says") == true)
            #expect(rmdir(service.databasePath) == 0)
            service.stop()
            #expect(service.log.events("store not ready").count == 2)
            #expect(service.log.events("store is ready again").count == 1)
            #expect(service.log.events("request failed").isEmpty, "a probe that says no is answered")
        }

        @Test(
            "reads go on in the database that was put in another's place, in every worker, without a write or a probe"
        )
        func replaced() throws {
            let service = try Service(workers: 3)
            #expect(try service.answer(Note.write("101")).status == 201)
            let clients = try (0..<9).map { _ in try service.connect() }
            for client in clients { #expect(client.exchange(.get("/notes/101")).status == 200) }
            let other = try TemporaryDirectory()
            let environment = Service.environment(in: other, [:])
            #expect(try Finished.running(Binary.fixture.command("migrate"), environment: environment).exit == .code(0))
            for end in ["-wal", "-shm"] { unlink(service.databasePath + end) }
            #expect(rename(other.path + "/service.sqlite", service.databasePath) == 0)
            for client in clients {
                #expect(eventually { client.exchange(.get("/notes/101")).status == 404 }, "no notes are there now")
            }
            service.stop()
        }
    }
}
