import Foundation
import HTTPTypes
import Linux
import Testing

@testable import HTTPClient
@testable import ProcessHarness

@Suite("Where a call may go", .needs(.python3, .openssl))
struct AddressTests {
    private let server: HostileServer

    init() throws { server = try HostileServer.shared.get() }

    @Test(
        "is not to a link-local, multicast or metadata address, however it is written",
        arguments: [
            "169.254.169.254", "169.254.1.1", "2852039166", "0xA9FEA9FE", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376",
            "169.254.43518",
            "0251.254.0xa9fe", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::169.254.169.254]",
            "[2002:a9fe:a9fe::]",
            "[::169.254.169.254]", "[fe80::1]", "[fd00:ec2::254]", "[fd00:ec2::23]", "[fd00:ec2:0:1::1]",
            "[64:ff9b:1::169.254.169.254]",
            "[64:ff9b:1:7::a9fe:a9fe]", "[64:ff9b:1:a9fe:a9:fe00::]", "[64:ff9b:1:a9:fe:a9fe::]",
            "[64:ff9b:1:0:a9:fea9:fe00:0]", "[64:ff9b:1::100.100.100.200]", "[ff02::1]", "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "239.1.2.3", "255.255.255.255", "0.0.0.0", "0", "0x0", "[::]", "[0:0::0]",
        ]
    )
    func refused(host: String) throws {
        let client = try HTTPClient(.hurried)
        let error = failure { try client.send(.get("http://\(host):\(server.ports.plain)/latest/meta-data/")) }
        #expect(error?.reason.kind == "refusedAddress", "\(String(describing: error))")
        // And not before a connection is made only: a name may mean any address, and another one each time.
        let text = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if let address = IPAddress(text) { #expect(!client.addresses.allows(address)) }
    }

    @Test("may be anywhere else, this host and private networks as well")
    func allowed() throws {
        let policy = AddressPolicy(allowed: [])
        for text in [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "8.8.8.8", "::1", "fd00::1", "2001:db8::1",
            "100.64.0.1", "fd00:ec3::1", "64:ff9b::8.8.8.8", "64:ff9b:1::8.8.8.8", "64:ff9b:1:7::10.1.2.3",
            "64:ff9b:1:808:8:800::",
        ] {
            #expect(policy.allows(try #require(IPAddress(text))), "\(text)")
        }
        let client = try HTTPClient(.patient)
        #expect(try client.send(.get("http://127.1:\(server.ports.plain)/ok")).status == .ok)
        #expect(try client.send(.get("http://LOCALHOST:\(server.ports.plain)/ok")).status == .ok)
    }

    @Test("is decided where the connection is made: a name that means a refused address is no way around")
    func names() throws {
        // The one name that means the same address everywhere, and a policy that refuses it.
        let networks = try ["127.0.0.0/8", "::1"].map { try #require(IPNetwork($0)) }
        var client = try HTTPClient(.hurried)
        let request = HTTPClient.Request.get("http://localhost:\(server.ports.plain)/ok")
        #expect(try client.send(request).status == .ok)
        client.addresses.refused = networks
        // On a thread that has no connection yet.
        let cautious = client
        let outcome = Lock<HTTPClientError?>(nil)
        let thread = try Linux.Thread.start {
            let error = failure { try cautious.send(request) }
            outcome.withLock { $0 = error }
        }
        thread.join()
        #expect(outcome.withLock { $0?.reason.kind } == "refusedAddress")
    }

    @Test("is widened by a setting, and by nothing else")
    func widened() throws {
        let network = try #require(IPNetwork("0.0.0.0"))
        let client = try HTTPClient(.patient.with { $0.allowedAddresses = [network] })
        // On Linux it is this host.
        #expect(try client.send(.get("http://0.0.0.0:\(server.ports.plain)/ok")).status == .ok)
        #expect(failure { try client.send(.get("http://169.254.169.254/")) }?.reason.kind == "refusedAddress")
        for text in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "ten", "", "fe80::/129"] {
            #expect(IPNetwork(text) == nil)
        }
        #expect(IPNetwork("fe80::/10")?.contains(try #require(IPAddress("febf::1"))) == true)
        #expect(IPNetwork("fe80::/10")?.contains(try #require(IPAddress("fec0::1"))) == false)
    }

    // MARK: - Redirects

    @Test("follows a redirect of what was only read", arguments: [301, 302, 303, 307, 308])
    func followed(status: Int) throws {
        let client = try HTTPClient(.patient)
        let response = try client.send(.get(server.url("/redirect/\(status)?/ok")))
        #expect(response.text == "{\"name\":\"ok\"}")
        #expect(response.attempts == 2)
        let post = try client.send(HTTPClient.Request(.post, server.url("/redirect/\(status)?/ok"), body: .text("x")))
        #expect(post.status.code == status)
        #expect(post.value(of: .location) == "/ok")
    }

    @Test("follows no other answer with a Location", arguments: [300, 304, 305, 306, 309, 399, 201])
    func others(status: Int) throws {
        let response = try HTTPClient(.patient).send(.get(server.url("/redirect/\(status)?/ok")))
        #expect(response.status.code == status)
        #expect(response.attempts == 1)
    }

    @Test("follows no redirect to another scheme, to what is refused, to nonsense, or for ever")
    func notFollowed() throws {
        let ports = server.ports
        let client = try HTTPClient(.patient.with { $0.caFile = ports.authority })
        for (location, expected) in [
            ("https://localhost:\(ports.good)/ok", "redirect"), ("http://169.254.169.254/latest/", "refusedAddress"),
            ("http://0xA9FEA9FE/", "refusedAddress"), ("//[fe80::1]/", "refusedAddress"),
            ("ftp://localhost/", "redirect"),
            ("file:///etc/passwd", "redirect"), ("http://user:pass@localhost/", "redirect"),
        ] {
            let error = failure { try client.send(.get(server.url("/redirect/302?\(location)"))) }
            #expect(error?.reason.kind == expected, "\(location): \(String(describing: error))")
        }
        let loop = failure { try client.send(.get(server.url("/loop"))) }
        #expect(loop?.reason == .redirect("there were 6 of them"))
        let down = failure {
            try client.send(.get("https://localhost:\(ports.good)/redirect/302?http://127.0.0.1:\(ports.plain)/ok"))
        }
        #expect(down?.reason.kind == "redirect", "\(String(describing: down))")
    }

    @Test("takes no place among the hosts that are called: a redirect's target is counted with the others")
    func places() throws {
        let table = try HostTable(slots: 1)
        let client = HTTPClient(.patient, hosts: table, slot: 0)
        let (called, other) = ("http://127.0.0.1:\(server.ports.plain)", "http://localhost:\(server.ports.plain)")
        let request = HTTPClient.Request.get(server.url("/redirect/302?\(other)/ok"))
        for location in ["https://localhost:\(server.ports.good)/", "http://169.254.169.254/", "http://[fe80::1]/"] {
            _ = failure { try client.send(.get(server.url("/redirect/302?\(location)"))) }
        }
        #expect(try client.send(request).status == .ok)
        #expect(table.read().map(\.host) == [called, HostTable.otherHosts])
        #expect(table.place(of: "http://another.example:80") == 1, "nobody has the second place")
        // One that is called has its own, and keeps it when a redirect leads there.
        #expect(try client.send(.get(other + "/ok")).status == .ok)
        #expect(try client.send(request).status == .ok)
        let readings = table.read()
        #expect(readings.map(\.host) == [called, other, HostTable.otherHosts])
        #expect(readings.map(\.attempts) == [5, 2, 1])
    }

    @Test("tells another host nothing that might be a credential")
    func credentials() throws {
        let client = try HTTPClient(.patient)
        let key = try #require(HTTPField.Name("X-API-Key"))
        let fields: HTTPFields = [
            .authorization: "Bearer secret", .cookie: "a=b", key: "secret", .accept: "text/plain",
        ]
        let same = try client.send(.get(server.url("/redirect/302?/echo"), headerFields: fields)).json(as: Echo.self)
        #expect(same.fields["authorization"] == "Bearer secret")
        #expect(same.fields["x-api-key"] == "secret")
        let location = "http://localhost:\(server.ports.plain)/echo"
        let other = try client.send(.get(server.url("/redirect/302?\(location)"), headerFields: fields)).json(
            as: Echo.self
        )
        #expect(other.fields["accept"] == "text/plain")
        #expect(!other.fields.values.contains { $0.contains("secret") || $0.contains("a=b") })
    }

    @Test("tells another host neither the body nor what the request belongs to, even if that one leads back")
    func elsewhere() throws {
        var client = try HTTPClient(.patient)
        client.requestID = "request-1"
        client.trace = HTTPClient.Trace(traceID: String(repeating: "0af7", count: 8), isSampled: true)
        func follow(_ location: String) throws -> Echo {
            let url = server.url("/redirect/302?\(location)")
            return try client.send(HTTPClient.Request(.get, url, body: .text("secret"))).json(as: Echo.self)
        }
        let same = try follow("/echo")
        #expect(same.body == "secret")
        #expect(same.fields["x-request-id"] == "request-1")
        let elsewhere = "http://localhost:\(server.ports.plain)"
        for location in ["/echo", "/redirect/302?\(server.url("/echo"))"] {
            let other = try follow(elsewhere + location)
            #expect(other.body == "")
            for name in ["content-type", "content-length", "x-request-id", "traceparent"] {
                #expect(other.fields[name] == nil, "\(name) at \(location)")
            }
        }
    }
}
