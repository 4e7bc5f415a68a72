import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("What is counted of the store")
    struct StoreMetricsTests {
        @Test("is each statement, each beginning and end of a transaction, failures, waits for locks, and groups")
        func counted() throws {
            let service = try Service(workers: 1, environment: ["OPS_PORT": "0", "LOG_LEVEL": "info"])
            let ops = try #require(
                try service.log.wait(for: "ops listening")["port"]?.int.flatMap { UInt16(exactly: $0) }
            )
            func count(_ name: String, _ labels: [String: String] = [:]) throws -> Int {
                guard case .answered(let answer) = try Connection(to: ops).exchange(.get("/metrics")) else { return -1 }
                return answer.text.split(separator: "\n").filter { line in
                    (line.hasPrefix(name + "{") || line.hasPrefix(name + " "))
                        && labels.allSatisfy { line.contains("\($0)=\"\($1)\"") }
                }.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
            }
            let durations = "db_client_operation_duration_seconds_count"
            for index in 0..<10 {
                #expect(try service.answer(Note.write("note \(index)")).status == 201)
                #expect(try service.answer(.get("/notes/note%20\(index)")).status == 200)
            }
            for operation in ["BEGIN", "INSERT", "COMMIT", "SELECT"] {
                let found = try count(durations, ["db_operation_name": operation, "db_system_name": "sqlite"])
                #expect(found == 10, "\(operation)")
            }
            #expect(try count(durations, ["db_operation_name": "SELECT", "db_collection_name": "note"]) == 10)
            #expect(try count("panal_db_commit_group_size_count") == 10)
            #expect(try count("panal_db_commit_group_size_sum") == 10)
            // The service's own looks at the store take the lock for a moment, too.
            let retries = try count("panal_db_busy_retries_total")
            // Somebody else has the lock.
            let held = try HeldNote(in: service, id: "held")
            #expect(held.isInHandler(of: try #require(service.workers.first)))
            #expect(try eventually { try count("panal_db_busy_retries_total") > retries })
            try held.database.query("COMMIT")
            // Many at once: fewer commits than writes.
            let load = Load(on: service.address, clients: 16, style: .keepAlive) { client, turn in
                Note.write("\(client) \(turn)")
            }
            #expect(load.waitForAnswers(400))
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(try eventually { try count("panal_db_commit_group_size_sum") == 11 + (tally.answered[201] ?? 0) })
            let commits = try count("panal_db_commit_group_size_count")
            let writes = try count("panal_db_commit_group_size_sum")
            #expect(commits < writes)
            #expect(try count(durations, ["db_operation_name": "INSERT"]) == writes)
            service.stop()
        }
    }
}
