import Glibc
import Testing

extension ProcessTests {
    @Suite("Booting")
    struct BootTests {
        @Test(
            "three workers and any free port give one supervisor with three children, and the log names the bound port"
        )
        func readiness() throws {
            let service = try Service(workers: 3)
            let ready = try service.log.wait(for: "ready")
            #expect(ready.pid == service.supervisor)
            #expect(ready["workers"]?.int == 3)
            #expect(ready.level == "info")

            let workers = service.workers
            #expect(workers.count == 3)
            #expect(Set(service.log.events("worker ready").compactMap(\.worker)) == Set(workers))
            let started = service.log.events("worker started")
            #expect(Set(started.compactMap(\.worker)) == Set(workers))
            #expect(Set(started.compactMap { $0["number"]?.int }).count == 3, "each worker has a number of its own")
            #expect(Set(started.compactMap { $0["generation"]?.int }).count == 1, "and all are of one generation")

            let answer = try service.answer(.get("/livez"))
            #expect(answer.status == 200)
            #expect(answer.text == "ok\n")
            service.stop()
        }

        @Test("the supervisor stays single-threaded and opens no database")
        func leanSupervisor() throws {
            let service = try Service()
            _ = try service.answer(.get("/v1/rooms"))
            #expect(ProcessTree.threadCount(of: service.supervisor) == 1)
            #expect(ProcessTree.descriptors(of: service.supervisor).filter { $0.contains("sqlite") } == [])
            service.stop()
        }

        @Test("three faulty variables give three messages and exit 78 before anything is bound")
        func faultyConfiguration() throws {
            // The port is taken: were it bound before the check, the exit would be 69.
            let holder = try Service()
            let faults = ["WEB_CONCURRENCY": "minus-two", "REQUEST_TIMEOUT": "soon", "MAX_BODY_SIZE": "huge"]
            let environment = Service.environment(
                in: holder.directory,
                faults.merging(["PORT": "\(holder.port)"]) { $1 }
            )
            let serve = try Finished.running(Binary.command("serve"), environment: environment)
            #expect(serve.exit == .code(78))
            let lines = (serve.output + serve.errors).split(separator: "\n")
            for (key, value) in faults {
                #expect(
                    lines.filter { $0.contains(key) && $0.contains(value) }.count == 1,
                    "one line names \(key) and its value; there is:\n\(serve.output)\(serve.errors)"
                )
            }
            holder.stop()
        }

        @Test("a faulty port is a configuration fault", arguments: ["banana", "65536", "-1", "80.5", "0x50"])
        func faultyPort(_ port: String) throws {
            let directory = try TemporaryDirectory()
            let serve = try Finished.running(
                Binary.command("serve"),
                environment: Service.environment(in: directory, ["PORT": port])
            )
            #expect(serve.exit == .code(78))
            #expect((serve.output + serve.errors).contains("PORT"))
        }

        @Test("a faulty database URL never shows its password")
        func redaction() throws {
            let directory = try TemporaryDirectory()
            let serve = try Finished.running(
                Binary.command("serve"),
                environment: Service.environment(in: directory, ["DATABASE_URL": "bogus://user:hunter2@host/stays"])
            )
            #expect(serve.exit == .code(78))
            #expect((serve.output + serve.errors).contains("DATABASE_URL"))
            #expect(!(serve.output + serve.errors).contains("hunter2"))
        }

        @Test("a port in use ends with exit 69 and a message that names it")
        func portInUse() throws {
            let holder = try Service()
            let environment = Service.environment(in: holder.directory, ["PORT": "\(holder.port)"])
            let serve = try Finished.running(Binary.command("serve"), environment: environment)
            #expect(serve.exit == .code(69))
            #expect((serve.output + serve.errors).contains("\(holder.port)"))
            #expect(try holder.answer(.get("/livez")).status == 200, "who holds the port goes on")
            holder.stop()
        }

        @Test("workers that cannot boot end the service with exit 70 and a reason", .needs(.prlimit))
        func crashAtBoot() throws {
            // Room enough for the supervisor, which starts no thread; too little for the stack of a worker's thread.
            let measured = try Service(workers: 1)
            let size = try #require(ProcessTree.kilobytes("VmPeak", of: measured.supervisor))
            measured.stop()
            let environment = Service.environment(in: measured.directory, ["WEB_CONCURRENCY": "2"])
            let serve = try Finished.running(
                ["prlimit", "--as=\((size + 256) * 1024)"] + Binary.command("serve"),
                environment: environment
            )
            #expect(serve.exit == .code(70), "\(serve.output)\(serve.errors)")
            #expect(!serve.output.contains("\"message\":\"ready\""))
        }

        @Test("without HOST the service answers on every address of IPv4 too")
        func allAddresses() throws {
            let service = try Service(environment: ["HOST": ""])
            #expect(try service.answer(.get("/livez")).status == 200)
            service.stop()
        }

        @Test("a service without a database lives, says why it is not ready, and is ready once there is one")
        func databaseComesLater() throws {
            let service = try Service(migrates: false)
            #expect(try service.answer(.get("/livez")).status == 200)
            let unready = try service.answer(.get("/readyz"))
            #expect(unready.status == 503)
            #expect(unready.json?["ready"]?.bool == false)
            #expect((unready.json?["reasons"]?.array ?? []).isEmpty == false)
            #expect(unready.text.contains("migrate"), "the reason says what to do: \(unready.text)")

            try Service.migrateAndSeed(service.environment)
            // Every worker must find it, so several connections ask.
            for _ in 0..<20 {
                let answer = try service.answer(.get("/readyz"))
                #expect(answer.status == 200)
                #expect(answer.json?["ready"]?.bool == true)
            }
            #expect(try service.answer(.get("/v1/rooms")).status == 200)
            service.stop()
        }

        @Test("a booking is there after a restart")
        func restart() throws {
            let first = try Service()
            let hotel = try Hotel(of: first)
            let booked = try first.answer(Hotel.booking(of: hotel.rooms[0], inDays: 40))
            #expect(booked.status == 201)
            let location = try #require(booked["Location"])
            first.stop()

            let second = try Service(in: first.directory)
            let read = try second.answer(.get(location))
            #expect(read.status == 200)
            #expect(read.json == booked.json)
            #expect(try second.answer(Hotel.booking(of: hotel.rooms[0], inDays: 40)).status == 409)
            second.stop()
        }
    }
}
