import Glibc
import HTTPServer
import Jobs
import Linux
import Panal
import SQL

/// The service that the tests of job workers run: its jobs write down when they begin and end.
@main
struct JobsService: Service {
    static let info = ServiceInfo(name: "jobs", summary: "For tests.", revision: "0", date: "2026-01-01T00:00:00Z")
    static let migrations: [Migration]? = Migrations.all

    static func addRoutes(to router: inout Router, _ dependencies: Dependencies<Settings>) {
        router.post("/marks") { request in
            let now = dependencies.now()
            try dependencies.database(for: request).add(Mark(name: "asked", milliseconds: 0), at: now)
            return .noContent
        }
    }

    static func addJobs(to jobs: inout JobHandlers, _ dependencies: Dependencies<Settings>) {
        guard dependencies.settings.marks != "" else { return }
        let marks = Marks(path: dependencies.settings.marks)
        jobs.on(Mark.self, timeout: .seconds(3)) { job, context in
            marks.write("begin", job.name, context)
            if job.milliseconds > 0 { usleep(UInt32(job.milliseconds) * 1_000) }
            if let failures = job.failures, context.attempt <= failures {
                marks.write("failed", job.name, context)
                throw JobFailure.retry(after: .milliseconds(50), "told to fail")
            }
            marks.write("end", job.name, context)
        }
        jobs.every(.seconds(1), "tick") { context in
            marks.write("begin", "tick", context)
            marks.write("end", "tick", context)
        }
    }
}

struct Settings: SettingsGroup {
    @Setting(
        "MARKS",
        default: "",
        "The file to write to; without one there are no jobs.",
        SettingFormat("a path") { $0 }
    )
    var marks: String
}

/// Writes down that it was begun, takes its time, and writes down that it is done.
struct Mark: Job {
    static let kind = "mark"
    let name: String
    let milliseconds: Int
    /// How many of its attempts fail.
    var failures: Int?
}

/// Lines of a file, each appended in one write: what happened, to which job, in which attempt, where, and when.
///
/// All are as long as each other, a divisor of a page: the kernel copies page by page, so that of a line on two pages
/// a reader, or the file for ever if the writer is killed then, might have the first half alone.
struct Marks: Sendable {
    static let lineBytes = 256

    let path: String

    func write(_ event: String, _ name: String, _ context: JobContext) {
        let words =
            "\(event) \(name) \(context.attempt) \(getpid()) \(MonotonicInstant.now.nanoseconds) \(context.idempotencyID)"
        let line = words + String(repeating: " ", count: Self.lineBytes - words.utf8.count - 1) + "\n"
        guard let file = try? FileDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o644) else { abort() }
        SystemFile.write(line, to: file.rawValue)
    }
}
