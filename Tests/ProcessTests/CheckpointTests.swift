import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Checkpoints of a service")
    struct CheckpointTests {
        /// Writes notes from several clients at once, over and over, until one of them is told to stop.
        /// - Returns: The names that were acknowledged.
        private func write(
            to service: Service,
            clients: Int,
            prefix: String = "",
            until isEnough: @escaping @Sendable (Int) -> Bool
        ) -> [String] {
            let acknowledged = Monitor<[String]>([])
            Crew(clients) { client in
                var connection = try? service.connect()
                var number = 0
                while !isEnough(acknowledged.read { $0.count }) {
                    let name = "\(prefix)\(client)-\(number)"
                    number += 1
                    if connection == nil { connection = try? service.connect() }
                    guard let outcome = connection?.exchange(Note.write(name)), let status = outcome.status else {
                        connection = nil
                        continue
                    }
                    if status == 201 { acknowledged.update { $0.append(name) } }
                }
            }.join()
            return acknowledged.read { $0 }
        }

        private func logSize(of service: Service) -> Int {
            var status = stat()
            return stat(service.databasePath + "-wal", &status) == 0 ? Int(status.st_size) : 0
        }

        private static let bytesOfThreshold = 1_000 * (4096 + 24)

        /// A transaction writes two pages and more: these make four checkpoints due.
        private static let notes = 2_000

        @Test("workers checkpoint, one at a time, and the log stays short; no supervisor and no stop checkpoints")
        func short() throws {
            let service = try Service(workers: 3, environment: ["LOG_LEVEL": "debug"])
            let names = write(to: service, clients: 6) { $0 >= Self.notes }
            let checkpoints = service.log.events("checkpoint")
            #expect(checkpoints.count >= 2 && checkpoints.count <= 20, "\(checkpoints.map(\.line))")
            // A worker whose checkpoint was due may get the lease just after another's: it finds a log that was begun anew.
            for (index, checkpoint) in checkpoints.enumerated() where checkpoint["pages"]?.int ?? 0 < 1_000 {
                #expect(
                    index > 0 && checkpoints[index - 1].worker != checkpoint.worker
                        && checkpoints[index - 1]["pages"]?.int ?? 0 >= 1_000,
                    "\(checkpoints.map(\.line))"
                )
            }
            #expect(logSize(of: service) < 3 * Self.bytesOfThreshold)
            service.stop()
            #expect(logSize(of: service) > 0, "the log stays for the next start")
            let database = try Database(service.databasePath)
            #expect(try Set(database.query("SELECT name FROM note").map { $0[0] }).isSuperset(of: names))
            #expect(try database.integrity() == "ok")
        }

        @Test("with CHECKPOINTS=external nobody does")
        func external() throws {
            let service = try Service(
                workers: 2,
                environment: ["LOG_LEVEL": "debug", "CHECKPOINTS": "external"]
            )
            _ = write(to: service, clients: 4) { $0 >= Self.notes }
            #expect(service.log.events("checkpoint").isEmpty)
            #expect(logSize(of: service) > 3 * Self.bytesOfThreshold, "the log holds everything")
            service.stop()
            #expect(logSize(of: service) > 3 * Self.bytesOfThreshold)
        }

        /// Whether a process has the file open that is the lease for checkpoints.
        private static func hasLease(_ worker: pid_t) -> Bool {
            ProcessTree.names(in: "/proc/\(worker)/fd").contains { descriptor in
                var target = [CChar](repeating: 0, count: 4096)
                let count = readlink("/proc/\(worker)/fd/\(descriptor)", &target, target.count)
                return count > 0
                    && String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
                        .hasSuffix("-checkpoint")
            }
        }

        @Test("workers that are killed while they checkpoint keep no one from checkpointing, and nothing is lost")
        func killed() throws {
            let service = try Service(workers: 3, environment: ["LOG_LEVEL": "debug"])
            let killed = Monitor(0)
            let killer = Crew(1) { _ in
                let deadline = Deadline.generous
                while killed.read({ $0 }) < 5, !deadline.isOver {
                    guard let worker = service.workers.first(where: Self.hasLease) else { continue }
                    kill(worker, SIGKILL)
                    killed.update { $0 += 1 }
                    // Its successor serves before the next one goes.
                    _ = service.hasWorkers(3)
                    usleep(100_000)
                }
            }
            let deadline = Deadline.generous
            let names = write(to: service, clients: 6) { _ in killed.read { $0 } >= 5 || deadline.isOver }
            killer.join()
            #expect(killed.read { $0 } == 5, "or this test has shown nothing")
            #expect(service.hasWorkers(3))
            let before = service.log.events("checkpoint").count
            let more = write(to: service, clients: 6, prefix: "after-") { $0 >= Self.notes }
            #expect(service.log.events("checkpoint").count > before)
            #expect(logSize(of: service) < 8 * Self.bytesOfThreshold)
            let database = try Database(service.databasePath)
            #expect(try Set(database.query("SELECT name FROM note").map { $0[0] }).isSuperset(of: names + more))
            #expect(try database.integrity() == "ok")
            service.signal(SIGTERM)
            #expect(service.waitForExit() != nil)
        }

        @Test("the log names a library that has the WAL-reset bug, once, and so does config")
        func library() throws {
            let service = try Service(workers: 2)
            let warnings = service.log.events("SQLite library with the WAL-reset bug")
            let config = try Finished.running(Binary.fixture.command("config"), environment: service.environment)
            #expect(config.output.contains("SQLite library 3."))
            #expect(warnings.count == (config.output.contains("WAL-reset bug") ? 1 : 0))
            #expect(warnings.allSatisfy { config.output.contains($0["sqlite"]?.string ?? "?") })
            service.stop()
        }
    }
}
