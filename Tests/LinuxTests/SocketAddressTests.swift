import Glibc
import Linux
import Testing

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test(
        "an address reads as it is written",
        arguments: ["0.0.0.0", "127.0.0.1", "192.0.2.255", "::", "::1", "2001:db8::7"]
    )
    func text(address: String) throws {
        #expect(try #require(IPAddress(address)).description == address)
        let resolved = try SocketAddress.resolve(host: address, port: 8080)
        #expect(resolved.content == .ip(try #require(IPAddress(address)), port: 8080))
    }

    @Test("an IPv4 address that came over IPv6 is the IPv4 address, and a network is its first bits")
    func bits() {
        #expect(IPAddress("::ffff:192.0.2.1") == IPAddress("192.0.2.1"))
        #expect(IPAddress("192.0.2.77")?.masked(to: 24) == IPAddress("192.0.2.0"))
        #expect(IPAddress("192.0.2.77")?.masked(to: 0) == IPAddress("0.0.0.0"))
        #expect(IPAddress("2001:db8::7")?.masked(to: 0) == IPAddress("::"))
        for text in ["", "192.0.2", "192.0.2.256", "[::1]", "localhost"] { #expect(IPAddress(text) == nil) }
    }

    @Test("a unix socket's path takes 107 bytes, and comes back as it went in")
    func unix() throws {
        let longest = "/" + String(repeating: "x", count: 106)
        #expect(SocketAddress(path: longest)?.content == .unix(path: longest))
        #expect(SocketAddress(path: longest + "x") == nil)
        let socket = try FileDescriptor.streamSocket(family: AF_UNIX)
        let unbound = SocketAddress(boundBy: socket.rawValue)
        #expect(unbound?.content == .unix(path: ""))
    }

    @Test("port 0 becomes a free one, and who connects to it reaches who listens")
    func ports() throws {
        let listener = try FileDescriptor.streamSocket(family: AF_INET)
        try SocketAddress.resolve(host: "127.0.0.1", port: 0, isPassive: true).bind(listener.rawValue)
        try listener.listen(backlog: 1)
        let bound = try #require(SocketAddress(boundBy: listener.rawValue))
        guard case .ip(let ip, let port) = bound.content else { throw SystemError("getsockname") }
        #expect(ip == IPAddress("127.0.0.1") && port > 0)
        let client = try FileDescriptor.streamSocket(family: AF_INET, isNonBlocking: false)
        try bound.connect(client.rawValue)
        let kind = client.option(SO_TYPE)
        #expect(kind == CInt(SOCK_STREAM.rawValue))
    }

    @Test("a name that means nothing is an error that says so")
    func unknown() {
        let error = #expect(throws: UnknownHostError.self) { try SocketAddress.resolve(host: "no such host", port: 1) }
        #expect(error?.host == "no such host")
    }
}
