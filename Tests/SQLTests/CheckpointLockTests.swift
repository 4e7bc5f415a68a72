import CSQLite
import TestDatabases
import Testing

@testable import SQL

/// Looks into SQLite at the moment that matters: when a connection of this process takes the lock for checkpoints.
@Suite("while a checkpoint runs", .serialized)
struct CheckpointLockTests {
    @Test("no commit is possible, so none can begin the log anew under the checkpoint")
    func noCommit() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        try database.add("one")
        var outcomes: [DatabaseError?] = []
        let other = Database(file.url, migrations: file.migrations, longestWait: .zero)
        try other.open()
        CheckpointWatch.shared.run(on: file.path) {
            do {
                try other.add("two")
                outcomes.append(nil)
            } catch {
                outcomes.append(error as? DatabaseError)
            }
        } during: {
            #expect(throws: Never.self) { _ = try Checkpointer(file.location).checkpoint() }
        }
        #expect(outcomes == [.busy(retryAfter: .seconds(1))], "it was tried once, in vain")
        try other.add("three")
        #expect(try database.notes() == ["one", "three"])
    }
}

/// A file system for SQLite that is the system's own, but for one thing: it calls back before a connection takes the lock for
/// checkpoints of the database that is watched.
private final class CheckpointWatch: @unchecked Sendable {
    static let shared = CheckpointWatch()

    private let system: UnsafeMutablePointer<sqlite3_vfs>
    private let own: UnsafeMutablePointer<sqlite3_vfs>
    private let methods: UnsafeMutablePointer<sqlite3_io_methods>
    private var systemLock: (@convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int32, Int32, Int32) -> Int32)?
    private var callBack: (() -> Void)?
    private var path = ""

    private init() {
        guard let system = sqlite3_vfs_find(nil) else { preconditionFailure("SQLite has no file system") }
        self.system = system
        own = .allocate(capacity: 1)
        own.initialize(to: system.pointee)
        methods = .allocate(capacity: 1)
    }

    /// Runs `body`, whose connections are to be opened in it; other tests' connections of meanwhile are left alone.
    func run(on path: String, _ callBack: @escaping () -> Void, during body: () -> Void) {
        self.path = path
        self.callBack = callBack
        own.pointee.xOpen = { _, name, file, flags, outFlags in
            let watch = CheckpointWatch.shared
            let code = watch.system.pointee.xOpen(watch.system, name, file, flags, outFlags)
            if code == SQLITE_OK, flags & SQLITE_OPEN_MAIN_DB != 0, let file, let name,
                String(cString: name).hasSuffix(watch.path)
            {
                watch.watch(file)
            }
            return code
        }
        sqlite3_vfs_register(own, 1)
        body()
        sqlite3_vfs_register(system, 1)
        self.callBack = nil
    }

    private func watch(_ file: UnsafeMutablePointer<sqlite3_file>) {
        guard let original = file.pointee.pMethods else { return }
        methods.initialize(to: original.pointee)
        systemLock = original.pointee.xShmLock
        methods.pointee.xShmLock = { file, offset, count, flags in
            let watch = CheckpointWatch.shared
            // WAL_CKPT_LOCK is number 1 of the log's locks (sqlite.org/walformat.html, 2.3).
            if offset == 1, flags & SQLITE_SHM_LOCK != 0, flags & SQLITE_SHM_EXCLUSIVE != 0 { watch.callBack?() }
            return watch.systemLock?(file, offset, count, flags) ?? SQLITE_IOERR
        }
        file.pointee.pMethods = UnsafePointer(methods)
    }
}
