import Glibc
import Linux
import Testing

@testable import Prefork

@Suite("Listener")
struct ListenerTests {
    @Test("port 0 becomes a free port that can be read and connected to")
    func freePort() throws {
        let listener = try Listener(on: .tcp(host: "127.0.0.1", port: 0))
        let port = try #require(listener.address.port)
        #expect(port > 0)
        let client = connect(port: port)
        #expect(client >= 0)
        close(client)
    }

    @Test(":: takes IPv4 too")
    func dualStack() throws {
        let listener = try Listener(on: .tcp(host: "::", port: 0))
        let client = connect(port: try #require(listener.address.port))
        #expect(client >= 0)
        close(client)
    }

    @Test("what would keep somebody from listening is told without listening, and nothing is left behind")
    func obstacle() throws {
        var listener: Listener? = try Listener(on: .tcp(host: "127.0.0.1", port: 0))
        let address = try #require(listener?.address)
        #expect(Listener.obstacle(to: address) == .addressInUse(address))
        listener = nil
        #expect(Listener.obstacle(to: address) == nil)
        #expect(connect(port: try #require(address.port)) < 0)
        #expect(Listener.obstacle(to: .tcp(host: "192.0.2.1", port: 0)) != nil)

        let path = "/tmp/panal-obstacle-\(getpid())"
        #expect(Listener.obstacle(to: .unix(path: path)) == nil)
        #expect(access(path, F_OK) != 0)
        listener = try Listener(on: .unix(path: path))
        #expect(Listener.obstacle(to: .unix(path: path)) == .addressInUse(.unix(path: path)))
        listener = nil
        // What nobody listens on any more would be replaced.
        #expect(Listener.obstacle(to: .unix(path: path)) == nil)
        unlink(path)
        #expect(Listener.obstacle(to: .unix(path: "/proc/nowhere/socket")) != nil)
        #expect(Listener.obstacle(to: .unix(path: "/etc/passwd")) == .notASocket(path: "/etc/passwd"))
        #expect(Listener.obstacle(to: .unix(path: String(repeating: "x", count: 200))) != nil)
    }

    @Test("the socket is non-blocking and closed on exec")
    func flags() throws {
        let listener = try Listener(on: .tcp(host: "localhost", port: 0))
        #expect(fcntl(listener.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(fcntl(listener.descriptor, F_GETFL) & O_NONBLOCK != 0)
    }

    @Test("a port in use is an error that names the port and how to find its owner")
    func portInUse() throws {
        let listener = try Listener(on: .tcp(host: "127.0.0.1", port: 0))
        let port = try #require(listener.address.port)
        let error = #expect(throws: ListenerError.addressInUse(listener.address)) {
            try Listener(on: .tcp(host: "127.0.0.1", port: port))
        }
        #expect(error?.description.contains("ss -ltnp 'sport = :\(port)'") == true)
    }

    @Test("a port can be bound again as soon as its listener is closed, though connections linger")
    func bindAgain() throws {
        var listener: Listener? = try Listener(on: .tcp(host: "127.0.0.1", port: 0))
        let address = try #require(listener?.address)
        let client = connect(port: try #require(address.port))
        let server = accept(listener!.descriptor, nil, nil)
        close(server)
        close(client)
        listener = nil
        #expect(throws: Never.self) { try Listener(on: address) }
    }

    @Test("wrong hosts are errors that say what to set")
    func wrongHosts() {
        #expect(throws: ListenerError.addressNotAvailable(.tcp(host: "192.0.2.1", port: 0))) {
            try Listener(on: .tcp(host: "192.0.2.1", port: 0))
        }
        let error = #expect(throws: ListenerError.self) { try Listener(on: .tcp(host: "no such host", port: 0)) }
        #expect(error?.description.contains("Set HOST") == true)
    }

    @Test(
        "waiting connections are counted, and after refusal newcomers are refused at once",
        arguments: ["127.0.0.1", "::"]
    )
    func backlog(_ host: String) throws {
        let listener = try Listener(on: .tcp(host: host, port: 0))
        let port = try #require(listener.address.port)
        let clients = (0..<3).map { _ in connect(port: port) }
        #expect(listener.waitingConnections == 3)
        try listener.refuseNewConnections()
        let late = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        #expect(connect(late, port: port) != 0)
        #expect(errno == ECONNREFUSED)
        #expect(listener.waitingConnections == 3)
        for _ in 0..<3 { close(accept(listener.descriptor, nil, nil)) }
        #expect(listener.waitingConnections == 0)
        (clients + [late]).forEach { close($0) }
    }

    @Test("a shared listener goes on taking connections, for whoever comes next")
    func shared() throws {
        let original = try Listener(on: .tcp(host: "127.0.0.1", port: 0))
        let listener = try Listener(adopting: dup(original.descriptor), isShared: true)
        #expect(listener.address == original.address)
        try listener.refuseNewConnections()
        let client = connect(port: try #require(listener.address.port))
        #expect(listener.waitingConnections == 1)
        close(client)
    }

    @Test("what is no listening stream socket is not inherited")
    func badInheritance() {
        let pipe = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        #expect(throws: ListenerError.self) { try Listener(adopting: pipe, isShared: true) }
        let datagrams = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        #expect(throws: ListenerError.self) { try Listener(adopting: datagrams, isShared: true) }
        #expect(throws: ListenerError.self) { try Listener(adopting: 9_999, isShared: true) }
        close(pipe)
        close(datagrams)
    }

    // MARK: - Unix sockets

    @Test("a unix socket is made, counted, and removed when connections are refused")
    func unix() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let path = folder.path + "/s"
        let listener = try Listener(on: .unix(path: path))
        #expect(listener.address == .unix(path: path))
        #expect(listener.waitingConnections == 0)
        let client = connect(path: path)
        #expect(client >= 0)
        #expect(listener.waitingConnections == 1)
        try listener.refuseNewConnections()
        #expect(access(path, F_OK) != 0)
        // Who is connected already can still be accepted.
        #expect(accept(listener.descriptor, nil, nil) >= 0)
        close(client)
    }

    @Test("a live socket is never taken away, a stale one is replaced")
    func liveAndStale() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let path = folder.path + "/s"
        var first: Listener? = try Listener(on: .unix(path: path))
        #expect(throws: ListenerError.addressInUse(.unix(path: path))) { try Listener(on: .unix(path: path)) }
        #expect(connect(path: path) >= 0)
        #expect(first != nil)
        first = nil
        #expect(access(path, F_OK) == 0)
        #expect(throws: Never.self) { try Listener(on: .unix(path: path)) }
    }

    @Test("a socket that somebody else made in the meantime is not removed")
    func notOurs() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let path = folder.path + "/s"
        let first = try Listener(on: .unix(path: path))
        unlink(path)
        let second = try Listener(on: .unix(path: path))
        try first.refuseNewConnections()
        #expect(access(path, F_OK) == 0)
        #expect(second.address == .unix(path: path))
    }

    @Test("paths that cannot be are errors that say why")
    func badPaths() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let long = folder.path + "/" + String(repeating: "x", count: 120)
        #expect(throws: ListenerError.pathTooLong(long)) { try Listener(on: .unix(path: long)) }
        #expect(throws: ListenerError.notASocket(path: folder.path)) { try Listener(on: .unix(path: folder.path)) }
        #expect(throws: ListenerError.self) { try Listener(on: .unix(path: folder.path + "/none/s")) }
    }

    // MARK: - Clients

    private func connect(port: UInt16) -> CInt {
        let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        return connect(client, port: port) == 0 ? client : -1
    }

    private func connect(_ client: CInt, port: UInt16) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func connect(path: String) -> CInt {
        guard let address = SocketAddress(path: path) else { return -1 }
        let client = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        return (try? address.connect(client)) != nil ? client : -1
    }
}

/// A folder for one test.
struct Folder {
    let path: String

    init() throws {
        var template = Array("/tmp/panal-prefork-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemError("mkdtemp") }
        path = String(cString: made)
    }

    /// With the socket that may be in it.
    func remove() {
        unlink(path + "/s")
        rmdir(path)
    }
}
