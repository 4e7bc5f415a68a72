import CSQLite
import Foundation
import HTTPServer
import HTTPTypes
import Linux
import Logging
import Prefork
import SQL
import Stays
import StaysStore
import Synchronization
import Values

@testable import App
@testable import Panal

/// The routes on a database of their own, at a time that the test sets.
final class SampleService: Sendable {
    let directory: URL
    let router: Router
    private let clock: TestClock

    var databasePath: String { directory.path + "/hidden.db" }

    /// - Parameter keys: What opens it, each to read and write: the first one's name is `client-0`.
    init(migrated: Bool = true, keys: [String] = []) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "panal-secret-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let url = try DatabaseURL("sqlite:\(directory.path)/hidden.db")
        if migrated {
            _ = try Migrator(url, migrations: StaysStore.migrations).migrate()
            try StaysStore(Database(url)).add(SampleHotel.rooms)
        }
        let clock = TestClock()
        let keys = keys.enumerated().compactMap { APIKey($1, name: "client-\($0)", scopes: [.read, .write])?.entry }
        let opened = keys.isEmpty ? "open" : keys.joined(separator: ",")
        let variables = ["DATABASE_URL": url.description, "API_KEYS": opened]
        router = App.router(
            Dependencies<Settings>(
                settings: try App.settings(variables),
                databases: PerThread { Database(url, migrations: StaysStore.migrations, longestWait: .zero) },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                now: { clock.now }
            )
        )
        self.directory = directory
        self.clock = clock
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func set(_ now: Timestamp) { clock.now = now }

    func ask(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ fields: HTTPFields = [:],
        json: String? = nil
    ) throws -> Response {
        var fields = fields
        if json != nil { fields[.contentType] = "application/json" }
        return router.respond(to: try Request(method, target, headerFields: fields, body: Array((json ?? "").utf8)))
    }

    func book(_ room: String, from: String, to: String, _ fields: HTTPFields = [:]) throws -> Response {
        let json =
            #"{"roomId":"\#(room)","from":"\#(from)","to":"\#(to)","guests":1,"#
            + #""guest":{"name":"Ada","email":"ada@example.org"}}"#
        return try ask(.post, "/v1/bookings", fields, json: json)
    }

    /// Does to the database what others may do.
    func execute(_ sql: String) throws {
        try RawConnection(databasePath).execute(sql)
    }

    private final class TestClock: Sendable {
        private let moment = Mutex(Timestamp(unixSeconds: 1_795_490_055))

        var now: Timestamp {
            get { moment.withLock { $0 } }
            set { moment.withLock { $0 = newValue } }
        }
    }
}

/// A connection of somebody else to the database.
final class RawConnection {
    private var handle: OpaquePointer?

    init(_ path: String) throws {
        guard sqlite3_open(path, &handle) == SQLITE_OK else { throw failure }
    }

    deinit { sqlite3_close_v2(handle) }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    private var failure: Failure { Failure(words: String(cString: sqlite3_errmsg(handle))) }

    struct Failure: Error {
        let words: String
    }
}

extension Response {
    var text: String {
        switch body {
        case .empty: ""
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .string(let text): text
        case .static(let text): text.description
        case .stream: ""
        }
    }
}
