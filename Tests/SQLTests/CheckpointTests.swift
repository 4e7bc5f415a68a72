import FoundationEssentials
import Glibc
import Linux
import Synchronization
import TestDatabases
import Testing

@testable import SQL

@Suite("checkpoints")
struct CheckpointTests {
    private let file: TemporaryDatabase

    init() throws {
        file = try TemporaryDatabase()
    }

    /// What a checkpointer's thread has reported.
    private final class Reports: Sendable {
        private let list = Mutex<[Result<Checkpoint, DatabaseError>]>([])

        var all: [Result<Checkpoint, DatabaseError>] { list.withLock { $0 } }
        var checkpoints: [Checkpoint] { all.compactMap { try? $0.get() } }

        func add(_ report: Result<Checkpoint, DatabaseError>) { list.withLock { $0.append(report) } }
    }

    /// The largest of what several threads have seen.
    private final class Largest: Sendable {
        private let value = Mutex(0)

        var seen: Int { value.withLock { $0 } }

        func see(_ size: Int) { value.withLock { $0 = max($0, size) } }
    }

    private func checkpointer(threshold: Int = Checkpointer.threshold, _ reports: Reports = Reports()) -> Checkpointer {
        Checkpointer(file.location, threshold: threshold, longestWait: .seconds(30)) { reports.add($0) }
    }

    private func open(_ checkpointer: Checkpointer? = nil) throws -> Database {
        let database = Database(
            file.url,
            migrations: file.migrations,
            longestWait: .seconds(60),
            checkpointer: checkpointer
        )
        // These tests are about the log and not about the disk.
        try database.sqliteConnection().execute("PRAGMA synchronous = OFF")
        return database
    }

    private func size(_ suffix: String) -> Int { FileStatus(at: file.path + suffix)?.size ?? 0 }

    /// SQLite's page of 4 KB, and the frame's head.
    private static let frame = 4096 + 24

    @Test("the log stays short under 20,000 commits of several connections")
    func bounded() throws {
        let reports = Reports()
        let checkpointer = checkpointer(reports)
        let longest = Largest()
        _ = try race(4) { thread in
            let database = try open(checkpointer)
            for number in 0..<5_000 {
                try database.run("INSERT INTO note (text) VALUES (:text)", "\(thread) \(number)")
                longest.see(size("-wal"))
            }
        }
        // They write 25,000 pages. Twice the threshold is usual here: another connection may just be reading when a writer
        // could begin the log anew, and then the next chance comes after as many pages.
        #expect(longest.seen < 6 * Checkpointer.threshold * Self.frame)
        #expect(reports.checkpoints.count >= 10)
        #expect(reports.checkpoints.count <= 60, "one each time that it is due, not with each commit")
        #expect(reports.checkpoints.count == reports.all.count, "\(reports.all)")
        #expect(try file.open().notes().count == 20_000)
        #expect(try file.integrity() == "ok")
    }

    @Test("nothing is lost when writers and checkpoints are at it all the time")
    func stress() throws {
        let reports = Reports()
        // Each has one of its own, as in processes of their own.
        _ = try race(4) { thread in
            let database = try open(checkpointer(threshold: 8, reports))
            for number in 0..<1_500 {
                let text = String(repeating: "x", count: number % 3_000)
                try database.run(
                    "INSERT INTO note (text, author) VALUES (:text, :author)",
                    "\(number)\(text)",
                    "\(thread)"
                )
            }
        }
        #expect(reports.checkpoints.count > 50)
        #expect(try file.open().notes().count == 6_000)
        #expect(try file.integrity() == "ok")
    }

    @Test("one has the lease at a time, and the next gets it when it is given back")
    func lease() throws {
        let (first, second) = (checkpointer(), checkpointer())
        try open().add("one")
        if let lease = try first.takeLease() {
            let isFree = try second.takeLease() != nil
            #expect(!isFree)
            #expect(try second.checkpoint() == nil)
            withExtendedLifetime(lease) {}
        } else {
            Issue.record("the lease was not free")
        }
        let checkpoint = try #require(try second.checkpoint())
        #expect(checkpoint.pages > 0 && checkpoint.copied == checkpoint.pages)
    }

    @Test("the lease's file has the permissions of the database, so that whoever writes that may take it")
    func leasePermissions() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: file.path)
        _ = try checkpointer().checkpoint()
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path + Checkpointer.leaseSuffix)
        #expect(attributes[.posixPermissions] as? Int == 0o660)
    }

    @Test("a checkpoint waits for the writer of now, and is left for later when that takes too long")
    func busy() throws {
        let connection = try file.connect()
        try connection.beginWriting()
        let impatient = Checkpointer(file.location, longestWait: .milliseconds(20))
        #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) { _ = try impatient.checkpoint() }
        connection.endTransaction()
        #expect(try impatient.checkpoint() != nil)
    }

    @Test("without a checkpointer nothing is copied, neither after a commit nor when the last connection is closed")
    func external() throws {
        _ = try checkpointer().checkpoint()
        let before = size("")
        do {
            let database = try open()
            for number in 0..<3_000 { try database.add("\(number)") }
        }
        #expect(size("") == before)
        #expect(size("-wal") > 3_000 * Self.frame, "the log holds them all")
        #expect(try file.open().notes().count == 3_000)
        #expect(size("") == before)
    }

    @Test("with a checkpointer, too, the last connection to close leaves the log as it is")
    func closing() throws {
        let before = size("")
        do { try open(checkpointer()).add("one", "two") }
        #expect(size("") == before)
        #expect(size("-wal") > 0)
        #expect(try file.open().notes() == ["one", "two"])
    }

    @Test("while a reader keeps the log from being begun anew, it is tried once in as many pages as the threshold")
    func reader() throws {
        let reports = Reports()
        let reader = try file.connect()
        try reader.execute("BEGIN")
        _ = try reader.integer("SELECT count(*) FROM note")
        let database = try open(checkpointer(threshold: 100, reports))
        for number in 0..<1_000 { try database.add("\(number)") }
        let pages = size("-wal") / Self.frame
        #expect(pages > 1_000)
        #expect(reports.all.count <= pages / 100)
        reader.endTransaction()
        // The next ones copy it, and a writer begins it anew: then a checkpoint finds few pages.
        var written = 0
        while reports.checkpoints.last?.pages ?? .max > 500, written < 5_000 {
            try database.add("more")
            written += 1
        }
        #expect(written < 5_000)
    }

    @Test("an attempt that came to nothing is repeated after as many pages, or once the log has been begun anew")
    func due() throws {
        let reports = Reports()
        let checkpointer = checkpointer(reports)
        func expectAttempts(_ expected: Int, after pages: Int..., sourceLocation: SourceLocation = #_sourceLocation) {
            let before = reports.all.count
            for pages in pages { checkpointer.committed(pages: pages) }
            let end = SuspendingClock.now.advanced(by: .seconds(30))
            while reports.all.count < before + expected, SuspendingClock.now < end { usleep(1_000) }
            // One too many would come about now: an attempt takes a millisecond.
            usleep(20_000)
            #expect(reports.all.count == before + expected, sourceLocation: sourceLocation)
        }
        expectAttempts(0, after: 1, 500, 999)
        expectAttempts(1, after: 1_000)
        expectAttempts(0, after: 1_001, 1_500, 1_999)
        expectAttempts(1, after: 100_000)
        expectAttempts(0, after: 100_001, 100_900)
        // Others have begun it anew, and this process did not write meanwhile.
        expectAttempts(1, after: 1_500)
        expectAttempts(0, after: 1_600, 10, 999)
        expectAttempts(1, after: 1_000)
    }

    @Test(
        "releases of SQLite with the WAL-reset bug are known by their numbers",
        arguments: [
            (3_006_023, false), (3_007_000, true), (3_040_001, true), (3_044_005, true), (3_044_006, false),
            (3_045_000, true), (3_050_006, true), (3_050_007, false), (3_051_002, true), (3_051_003, false),
            (3_052_000, false), (3_053_001, false),
        ] as [(Int32, Bool)]
    )
    func library(number: Int32, isAffected: Bool) {
        #expect(SQLiteLibrary.hasLogResetBug(number) == isAffected)
    }
}
