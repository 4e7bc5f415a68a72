import Glibc
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("A cut cable between service and database", .needs(.postgres, .ip, .unshare, .nsenter, .setpriv))
    struct PartitionTests {
        /// Lets the commit of this guest's booking take two seconds.
        private static let slowCommit = [
            """
            CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.guest_name = 'Sloth' THEN PERFORM pg_sleep(2); END IF; RETURN NULL; END $$
            """,
            """
            CREATE CONSTRAINT TRIGGER doze AFTER INSERT ON booking DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION doze()
            """,
        ]

        @Test(
            "requests end at their deadline, the rest serves on; mended, all is as if it had been whole, commits included"
        )
        func cut() throws {
            let cable = try Cable()
            let server = try PostgreSQLServer(
                ["listen_addresses": Cable.End.database.address],
                launcher: cable.launcher(.database).joined(separator: " ")
            )
            let name = try server.makeDatabase()
            let local = server.url(of: name)
            let directory = try TemporaryDirectory()
            let own = ["DATABASE_URL": local.description]
            try Service.prepare(.app, Service.environment(in: directory, own))
            for sql in Self.slowCommit { try SQL.Database(local).run(sql) }
            let service = try Service(
                .app,
                environment: [
                    "DATABASE_URL": "postgres://panal@\(Cable.End.database.address)/\(name)",
                    "HOST": "unix:\(directory.path)/http", "REQUEST_TIMEOUT": "3s",
                ],
                in: directory,
                migrates: false,
                launcher: cable.launcher(.service)
            )
            let hotel = try Hotel(of: service)
            let bookers = Bookers(pairs: 3, in: hotel, on: service.address)
            #expect(bookers.waitForAnswers(100))

            // The server keeps this booking while nobody can hear that it did.
            let sloth = Self.booking(of: hotel.rooms[hotel.rooms.count - 1])
            let committing = Crew(1) { [service] _ in
                let answer = service.ask(sloth).answer
                #expect(answer?.status == 503, "\(answer?.text ?? "no answer")")
            }
            let commits =
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT' "
                + "AND wait_event = 'PgSleep' AND datname = current_database()"
            #expect(try eventually { try SQL.Database(local).first(commits, as: Int.self) == 1 })
            let before = bookers.ledger.failures.count
            try cable.cut()

            let alive = Monitor((slowest: 0.0, asked: 0, failed: [String]()))
            let isCut = Monitor(true)
            let probes = Crew(1) { [service] _ in
                while isCut.read({ $0 }) {
                    for target in ["/livez", "/problems/nights-taken"] {
                        let start = ContinuousClock.now
                        let outcome = service.ask(.get(target))
                        let seconds = (ContinuousClock.now - start).inSeconds
                        alive.update { state in
                            state.slowest = max(state.slowest, seconds)
                            state.asked += 1
                            if outcome.status != 200 { state.failed.append("\(target): \(outcome)") }
                        }
                    }
                    usleep(5_000)
                }
            }
            // Long enough for the deadlines of requests that were under way, and of those that came after them.
            #expect(eventually { bookers.ledger.failures.count >= before + 30 })
            committing.join()
            #expect(service.ask(.get("/readyz")).status == 503)
            isCut.update { $0 = false }
            probes.join()
            let (slowest, asked, failed) = alive.read { $0 }
            #expect(failed == [])
            #expect(asked > 100)
            #expect(slowest < 1, "liveness and what needs no database")

            // Most often it has kept it. Among the others' bookings it may also have found that it cannot.
            let sloths = "SELECT count(*) FROM idempotency WHERE key = 'sloth'"
            let isKept = try SQL.Database(local).first(sloths, as: Int.self) == 1
            try cable.mend()
            let mended = ContinuousClock.now
            #expect(eventually(by: .after(15)) { service.ask(.get("/readyz"), timeout: 5).status == 200 })
            let recovery = (ContinuousClock.now - mended).inSeconds
            #expect(bookers.waitForAnswers(200))
            // A thread that has just failed to connect waits a moment before it tries again.
            var again: Answer?
            #expect(
                eventually {
                    again = service.ask(sloth).answer
                    return again?.status == 201
                },
                "\(again?.text ?? "no answer")"
            )
            #expect((again?["Idempotency-Replayed"] == "true") == isKept, "the commit that nobody heard of")
            #expect(try SQL.Database(local).first(sloths, as: Int.self) == 1)

            let ledger = bookers.stop()
            let during = ledger.failures[before...]
            let impolite = during.filter { !$0.isPolite }
            #expect(impolite.isEmpty, "\(impolite)")
            // At the deadline of 3 s the server is told to stop, for a second.
            let longest = during.map(\.seconds).max() ?? 0
            #expect(longest < 6)
            try Bookers.expect(ledger, in: local)
            print(
                "cut cable: \(during.count) requests answered 503, after \(longest) s at most; \(asked) probes, "
                    + "\(slowest) s at most; ready \(recovery) s after the cable was whole, \(ledger.replayed) replayed; the "
                    + "commit under way was \(isKept ? "kept" : "undone")"
            )
            service.stop()
        }

        private static func booking(of room: String) -> Request {
            .post(
                "/v1/bookings",
                json: """
                    {"roomId":"\(room)","from":"\(Hotel.date(inDays: 20))","to":"\(Hotel.date(inDays: 21))","guests":1,\
                    "guest":{"name":"Sloth","email":"sloth@example.org"}}
                    """,
                [("Idempotency-Key", "sloth")]
            )
        }
    }
}
