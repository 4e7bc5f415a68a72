import Foundation
import Glibc
import Linux
import TestDatabases
import Testing

@testable import SQL

@Suite("a server that is told to stop", .needsPostgreSQL)
struct CancellationTests {
    /// A way to the server's socket that can be turned to one that listens and answers nothing: libpq takes it anew to cancel.
    private final class Way {
        private let directory: String
        private let silent: FileDescriptor
        private let target: String
        let url: DatabaseURL

        init(to file: TemporaryDatabase) throws {
            // The live one's URL names the directory of its socket.
            let text = file.url.description.split(separator: "?host=")
            target = String(text[1])
            directory = "/tmp/panal-way-\(getpid())-\(UInt16.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: "\(directory)/silent", withIntermediateDirectories: true)
            let address = try #require(SocketAddress(path: "\(directory)/silent/.s.PGSQL.5432"))
            silent = try FileDescriptor.streamSocket(family: AF_UNIX)
            try address.bind(silent.rawValue)
            try silent.listen(backlog: 64)
            url = try DatabaseURL("\(text[0])?host=\(directory)/way")
            try lead(to: target)
        }

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        private func lead(to target: String) throws {
            try? FileManager.default.removeItem(atPath: "\(directory)/way")
            try FileManager.default.createSymbolicLink(atPath: "\(directory)/way", withDestinationPath: target)
        }

        func leadNowhere() throws { try lead(to: "\(directory)/silent") }

        func leadToServer() throws { try lead(to: target) }

        /// Takes a connection that leads nowhere and closes it; false when none comes in time.
        func refuseOne(within milliseconds: CInt) -> Bool {
            var entry = pollfd(fd: silent.rawValue, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, milliseconds) == 1 else { return false }
            let connection = accept(silent.rawValue, nil, nil)
            return connection >= 0 && close(connection) == 0
        }
    }

    private func end(_ backend: Int, of file: TemporaryDatabase) throws {
        try Database(file.url).run("SELECT pg_terminate_backend(CAST(:pid AS INTEGER), 10000)", ["pid": backend])
    }

    @Test("a server that cannot be told to stop is asked once, not by a thread for each try")
    func silence() throws {
        let file = try TemporaryDatabase(on: .postgreSQL)
        let way = try Way(to: file)
        let database = Database(way.url)
        let backend = try #require(try database.first("SELECT pg_backend_pid()", as: Int.self))
        try way.leadNowhere()
        database.deadline = .now.advanced(by: .milliseconds(50))
        #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) { try database.run("SELECT pg_sleep(30)") }
        var asked = 0
        while way.refuseOne(within: 100) { asked += 1 }
        #expect(asked == 1)
        try end(backend, of: file)
    }

    /// Does something at the second wait of a statement, which comes after the first try to cancel it.
    private final class AfterCancellation: BlockingObserver {
        private var waits = 0
        private let body: () -> Void

        init(_ body: @escaping () -> Void) { self.body = body }

        override func willBlock(for reason: BlockingReason) {
            waits += 1
            if waits == 2 { body() }
        }
    }

    @Test("a server that did not hear it is told again")
    func again() throws {
        let file = try TemporaryDatabase(on: .postgreSQL)
        let way = try Way(to: file)
        let database = Database(way.url)
        _ = try database.first("SELECT 1", as: Int.self)
        try way.leadNowhere()
        var isRefused = false
        let observer = AfterCancellation {
            isRefused = way.refuseOne(within: 10_000)
            try? way.leadToServer()
        }
        observer.attend {
            database.deadline = .now.advanced(by: .milliseconds(50))
            #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) { try database.run("SELECT pg_sleep(30)") }
        }
        #expect(isRefused)
        let sleepers = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(30)'"
        let inDatabase = " AND datname = current_database()"
        #expect(try Database(file.url).first(sleepers + inDatabase, as: Int.self) == 0)
    }
}
