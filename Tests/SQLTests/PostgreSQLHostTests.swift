import Glibc
import Linux
import TestDatabases
import Testing

@testable import SQL

@Suite("a URL with several hosts", .needsPostgreSQL, .serialized)
struct PostgreSQLHostTests {
    /// A port of this host that answers nothing: its queue of new connections is full, and what else comes is dropped.
    private final class SilentPort {
        let port: UInt16
        private var sockets: [CInt] = []

        init() throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            func with(_ body: (UnsafeMutablePointer<sockaddr>) -> CInt) -> CInt {
                withUnsafeMutablePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
                }
            }
            try #require(with { bind(listener, $0, size) } == 0)
            try #require(listen(listener, 0) == 0)
            var length = size
            try #require(with { getsockname(listener, $0, &length) } == 0)
            port = UInt16(bigEndian: address.sin_port)
            sockets = [listener]
            // The first are let in; the queue is full when one has to wait.
            for _ in 0..<16 {
                let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                sockets.append(client)
                _ = with { connect(client, $0, size) }
            }
            var last = pollfd(fd: sockets[16], events: Int16(POLLOUT), revents: 0)
            try #require(poll(&last, 1, 200) == 0, "the queue is full")
        }

        deinit { for socket in sockets { close(socket) } }
    }

    private func url(first port: UInt16, then live: DatabaseURL, _ parameters: String = "") throws -> DatabaseURL {
        // The live one's URL names the directory of its socket.
        let text = live.description.split(separator: "?host=")
        return try DatabaseURL("\(text[0])?host=127.0.0.1,\(text[1])&port=\(port),5432\(parameters)")
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = SuspendingClock.now
        try body()
        return Double(start.duration(to: .now).nanoseconds) / 1e9
    }

    @Test("a first host that answers nothing leaves half of the time to the second, which is asked first from then on")
    func deadHost() throws {
        let silent = try SilentPort()
        let file = try TemporaryDatabase([], on: .postgreSQL)
        let url = try url(first: silent.port, then: file.url)
        let database = Database(url)
        database.deadline = .now.advanced(by: .seconds(4))
        let first = try seconds { try #require(database.first("SELECT 1", as: Int.self) == 1) }
        #expect(first > 1.9 && first < 4)
        // Another thread's connection: whoever asks the silent one first needs two seconds again.
        let other = Database(url)
        other.deadline = .now.advanced(by: .seconds(4))
        let second = try seconds { try #require(other.first("SELECT 1", as: Int.self) == 1) }
        #expect(second < 1.9)
    }

    @Test("connect_timeout ends the wait for one host sooner")
    func connectTimeout() throws {
        let silent = try SilentPort()
        let file = try TemporaryDatabase([], on: .postgreSQL)
        // Without it, 2.5 s go to the first host at least. The best of three, each with a URL that nobody has learned from: a
        // new server process may be slow.
        let times = try (0..<3).map { number in
            let parameters = "&connect_timeout=2&application_name=t\(number)"
            let database = Database(try url(first: silent.port, then: file.url, parameters))
            database.deadline = .now.advanced(by: .seconds(60))
            return try seconds { try #require(database.first("SELECT 1", as: Int.self) == 1) }
        }
        #expect(times.min() ?? .infinity < 2.5, "\(times)")
    }

    @Test("when none answers as it should, the error says of each why")
    func none() throws {
        let silent = try SilentPort()
        let database = Database(
            try DatabaseURL("postgres://app:secret@127.0.0.1:\(silent.port),127.0.0.1:1/app?connect_timeout=2")
        )
        database.deadline = .now.advanced(by: .seconds(4))
        let error = #expect(throws: DatabaseError.self) { try database.first("SELECT 1", as: Int.self) }
        let words = error?.description ?? ""
        #expect(error?.code == "unavailable", "\(words)")
        #expect(words.contains("127.0.0.1 did not answer in time"), "\(words)")
        #expect(words.contains("Connection refused"), "\(words)")
        #expect(!words.contains("secret"))
    }

    @Test("prefer-standby takes a primary when there is no standby")
    func preferStandby() throws {
        let file = try TemporaryDatabase([], on: .postgreSQL)
        let database = Database(try url(first: 1, then: file.url, "&target_session_attrs=prefer-standby"))
        #expect(try database.first("SELECT 1", as: Int.self) == 1)
    }
}
