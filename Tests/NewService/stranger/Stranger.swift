import Glibc
import HTTPServer
import Linux
import Prefork
import SQL
import Telemetry

/// A service without the library that joins the others: `stranger PORT DATABASE`.
@main
enum Stranger {
    static let migrations = [
        Migration(number: 1, name: "create_visit", sql: "CREATE TABLE visit (day TEXT NOT NULL) STRICT")
    ]

    static func main() throws {
        let arguments = ProcessStart.arguments
        let url = try DatabaseURL("sqlite:" + arguments[2])
        _ = try Migrator(url, migrations: migrations).migrate()
        let supervisor = Supervisor(
            configuration: SupervisorConfiguration(workers: 2),
            listener: try Listener(on: .tcp(host: "127.0.0.1", port: UInt16(arguments[1])!)),
            notices: LogNotices(),
            worker: { worker in serve(worker, url) }
        )
        exit(supervisor.run().rawValue)
    }

    private static func serve(_ worker: Worker, _ url: DatabaseURL) -> Int32 {
        let databases = PerThread { Database(url, migrations: migrations) }
        var router = Router()
        router.get("/visits") { _ in
            let database = databases.current
            try database.run("INSERT INTO visit (day) VALUES (:day)", ["day": "today"])
            let count = try database.first("SELECT count(*) AS count FROM visit", [:]) { row in try row["count"] as Int
            }
            return .text("\(count ?? 0)\n" as String)
        }
        do {
            try Server(router: router).run(
                listener: worker.listener,
                shutdown: worker.shutdown,
                whenReady: worker.becomeReady,
                isLast: { worker.isLast }
            )
            return 0
        } catch {
            return 1
        }
    }
}

/// The supervisor's notices as log lines.
private final class LogNotices: NoticeOutput {
    private let queue = LogQueue()

    var blockedDescriptor: CInt? { queue.blockedDescriptor }
    var keptLines: [String] { queue.unwrittenLines }
    func flush() { queue.flush() }
    func writeKept(_ lines: [String]) { queue.append(unwritten: lines) }

    func write(_ notice: Notice) {
        var line = LogLine()
        line.begin("info", message: notice.message, at: .now())
        queue.append(line.end())
    }
}
