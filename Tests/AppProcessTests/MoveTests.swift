import Glibc
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

extension Trait where Self == ConditionTrait {
    /// For what needs a PostgreSQL server. In CI it has to be installed.
    static var needsPostgreSQL: Self {
        .enabled(
            if: PostgreSQLServer.isInstalled || Store.isInCI,
            "PostgreSQL is not installed: bin/setup --tests installs it"
        )
    }
}

extension ProcessTests {
    @Suite("The hotel moves to PostgreSQL", .needsPostgreSQL)
    struct MoveTests {
        private let directory: TemporaryDirectory
        private let environment: [String: String]
        private let target: TemporaryDatabase

        init() throws {
            directory = try TemporaryDirectory()
            environment = Service.environment(in: directory, [:])
            target = try TemporaryDatabase([], on: .postgreSQL, migrated: false)
        }

        private func run(_ arguments: String...) throws -> Finished {
            try Finished.running(Binary.app.command() + arguments, environment: environment)
        }

        /// A hotel with that many bookings, each for a night of its own.
        private func fill(bookings: Int) throws {
            try Service.prepare(.app, environment)
            let database = try ProcessHarness.Database(directory.path + "/service.sqlite")
            try database.query("BEGIN IMMEDIATE")
            try database.query(
                """
                INSERT INTO booking
                WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < \(bookings))
                SELECT printf('%026d', i), '101', date('2027-01-01', i || ' days'), date('2027-01-01', (i + 1) || ' days'),
                    2, 'Zoë ' || i, 'zoe@example.org', 12000, 'EUR', 'confirmed', 1, 1795490055123456 + i
                FROM n
                """
            )
            try database.query("INSERT INTO held_night SELECT room_id, arrival, id FROM booking")
            try database.query("COMMIT")
        }

        private func number(_ sql: String) -> Int? {
            try? SQL.Database(target.url).first(sql, as: Int.self)
        }

        /// How many rows are on record as copied; nil before and after a move.
        private var copied: Int? { number("SELECT CAST(sum(copied) AS BIGINT) FROM move_progress") }

        @Test("a move that is killed at ten moments goes on each time, and everything is there once")
        func killed() throws {
            let bookings = 40_000
            try fill(bookings: bookings)
            let rows = 2 * bookings
            // As soon as something is on record, after every tenth, and when both databases are read.
            let moments = [0] + (1...8).map { rows * $0 / 10 } + [rows]
            for (number, moment) in moments.enumerated() {
                let errors = directory.path + "/errors-\(number)"
                let file = open(errors, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                defer { close(file) }
                let process = try Spawned(
                    Binary.app.command("move", "--to", target.url.description),
                    environment: environment,
                    output: file,
                    errors: file
                )
                let isThere = eventually { copied.map { $0 >= moment } ?? false }
                // setpriv becomes the program.
                kill(process.pid, SIGKILL)
                #expect(process.wait(by: .generous) == .signal(SIGKILL), "\(ProcessTree.read(errors) ?? "")")
                #expect(isThere, "\(moment)")
            }
            let migration = try Finished.running(
                Binary.app.command("migrate"),
                environment: environment.merging(["DATABASE_URL": target.url.description]) { $1 }
            )
            #expect(migration.exit == .code(1))
            #expect(migration.errors.contains("run the `move` command again"), "\(migration.errors)")
            let last = try run("move", "--to", target.url.description)
            #expect(last.exit == .code(0), "\(last.errors)")
            #expect(last.output.contains("all are in both databases"), "\(last.output)")
            #expect(number("SELECT count(*) FROM booking") == bookings)
            #expect(number("SELECT count(*) FROM held_night") == bookings)
            #expect(number("SELECT count(*) FROM booking WHERE guest_name = 'Zoë ' || ltrim(id, '0')") == bookings)
            #expect(copied == nil)
            let again = try run("move", "--to", target.url.description)
            #expect(again.output.contains("copied 0 rows"), "\(again.output)\(again.errors)")
        }

        @Test(
            "the moved hotel serves: bookings, keys and taken nights are those of before; the URL may stand in a file"
        )
        func serves() throws {
            let request: Request
            let first: Answer
            do {
                let service = try Service(.app, workers: 2, in: directory)
                request = Hotel.booking(
                    of: try Hotel(of: service).rooms[0],
                    inDays: 40,
                    nights: 3,
                    key: "before-the-move"
                )
                first = try service.answer(request)
                #expect(first.status == 201)
                let refused = try run("move", "--to", target.url.description)
                #expect(refused.exit == .code(1))
                #expect(refused.errors.contains("stop the service"), "\(refused.errors)")
                #expect(number("SELECT count(*) FROM pg_class WHERE relname = 'room'") == 0)
                service.stop()
            }
            let file = directory.path + "/url"
            let written = try Finished.running(
                User.ofService.launcher + ["sh", "-c", "printf '%s\\n' \"$1\" >\"$0\"", file, target.url.description]
            )
            #expect(written.exit == .code(0))
            let moved = try run("move", "--to-file", file)
            #expect(moved.exit == .code(0), "\(moved.errors)")
            #expect(moved.errors == "", "what takes less than a second shows no progress")
            let service = try Service(
                .app,
                workers: 2,
                environment: ["DATABASE_URL": target.url.description],
                in: directory,
                migrates: false
            )
            let again = try service.answer(request)
            #expect(again.status == 201)
            #expect(again.body == first.body)
            #expect(again["Idempotency-Replayed"] == "true")
            #expect(try Hotel.allBookings(of: service).count == 1)
            service.stop()
        }

        @Test("what cannot be done says what to do")
        func refusals() throws {
            func errors(_ arguments: String..., code: Int32) throws -> String {
                let done = try Finished.running(Binary.app.command("move") + arguments, environment: environment)
                #expect(done.exit == .code(code), "\(arguments): \(done.output)\(done.errors)")
                return done.errors
            }
            #expect(
                try errors("--to", target.url.description, code: 1).contains("name the database that is to be moved")
            )
            try Service.prepare(.app, environment)
            #expect(try errors(code: 64).contains("--to postgres://"))
            #expect(
                try errors("--to-file", directory.path + "/none", code: 64).contains("a file that the service can read")
            )
            #expect(try errors("--to", "sqlite:other", code: 1).contains("postgres://user:password@host"))
            let unreachable = try errors("--to", "postgres://app:secret@127.0.0.1:1/stays", code: 1)
            #expect(unreachable.contains("check that the server runs"))
            #expect(!unreachable.contains("secret"))
        }
    }
}
