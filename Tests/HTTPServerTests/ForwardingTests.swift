import HTTPTypes
import Testing

@testable import HTTPServer

@Suite("What trusted proxies say")
struct ForwardingTests {
    private func record(
        peer: String = "10.1.2.3",
        trusting: [String] = ["10.0.0.0/8", "fd00::/8"],
        _ headers: ProxyHeaders,
        _ fields: [(String, String)]
    ) throws -> RequestRecord {
        var all = HTTPFields()
        for (name, value) in fields { all.append(HTTPField(name: HTTPField.Name(name)!, value: value)) }
        let request = try Request(.get, "/", headerFields: all)
        let record = RequestRecord(
            copying: request.record,
            context: ServerContext(
                routes: RouteTable(),
                trustedProxies: trusting.map { AddressRange($0)! },
                proxyHeaders: headers
            )
        )
        record.peer = PeerAddress(text: peer)!
        return record
    }

    private func forwarded(_ values: String..., peer: String = "10.1.2.3") throws -> (String, String, String?) {
        let record = try record(peer: peer, .forwarded, values.map { ("Forwarded", $0) })
        return (record.client.text, record.scheme, record.clientAuthority)
    }

    @Test(
        "Forwarded names the client as RFC 7239 has it",
        arguments: [
            ("for=198.51.100.7", "198.51.100.7"), ("For=198.51.100.7;by=10.0.0.1;proto=http", "198.51.100.7"),
            ("for=\"198.51.100.7:4711\"", "198.51.100.7"), ("for=198.51.100.7:4711", "198.51.100.7"),
            ("for=\"[2001:DB8::1]\"", "2001:db8::1"), ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=\"[2001:db8::1]:_port\"", "2001:db8::1"), ("for=\"198.51.100.7:_p.1\"", "198.51.100.7"),
            ("for=\"\\1\\98.51.100.7\"", "198.51.100.7"),
            ("for=6.6.6.6, for=198.51.100.7 ,for=10.0.0.9", "198.51.100.7"),
            ("by=\"a,b;c\";for=198.51.100.7", "198.51.100.7"), (" ;for=198.51.100.7; proto=https;", "198.51.100.7"),
            ("for=10.0.0.8", "10.0.0.8"), ("for=\"[::ffff:198.51.100.7]\"", "198.51.100.7"),
        ]
    )
    func clients(field: String, client: String) throws {
        #expect(try forwarded(field).0 == client)
    }

    @Test(
        "whatever a client sends stands before what the proxies wrote, and changes nothing of it",
        arguments: [
            "for=6.6.6.6", "for=\"", "for=\"6.6.6.6", "for=\"6.6.6.6\\", "\"", "\\\"", "for=\"\\\"", ",", "", "for",
            "=", ";;",
            "for=10.0.0.1", "for=unknown", "for=_hidden", "for=6.6.6.6;for=6.6.6.6", "for=\"a\"b", "for=6.6.6.6;",
            "x\"y\"z\"", "\u{600}", "for=6.6.6.6\u{110BD}", "for=\"\u{600}\"", "\"\u{301}",
        ]
    )
    func spoofed(_ sent: String) throws {
        #expect(try forwarded("\(sent), for=198.51.100.7;proto=https;host=example.org").0 == "198.51.100.7")
        #expect(try forwarded(sent, "for=198.51.100.7").0 == "198.51.100.7")
        let chain = try forwarded(
            "\(sent), for=198.51.100.7;proto=https;host=a.example, for=10.0.0.9;proto=http;host=b"
        )
        #expect(chain == ("198.51.100.7", "https", "a.example"))
        #expect(try forwarded("\(sent), for=198.51.100.7", peer: "192.0.2.9").0 == "192.0.2.9", "no trusted peer")
    }

    @Test(
        "past what is no address nothing is believed: the client is the last proxy that is known",
        arguments: [
            "for=unknown", "for=_hidden", "for=\"_hidden:_x\"", "for=[2001:db8::1", "for=2001:db8::1", "for=1.2.3.4.5",
            "proto=https",
            "for=\"1.2.3.4", "for=1.2.3.4;for=1.2.3.4", "for=\"1.2.3.4:8x\"", "for=\"[1.2.3.4]\"", "for=", "for",
            "for=\"\"",
            "for=1.2.3.4 x", "for=(1.2.3.4)",
        ]
    )
    func unbelievable(_ element: String) throws {
        #expect(try forwarded("for=6.6.6.6, \(element)").0 == "10.1.2.3")
        #expect(try forwarded("for=6.6.6.6, \(element), for=10.0.0.9").0 == "10.0.0.9")
    }

    @Test("scheme and host are those that the client's proxy was asked for")
    func schemeAndHost() throws {
        #expect(
            try forwarded("for=198.51.100.7;proto=HTTPS;host=\"example.org:8443\"") == (
                "198.51.100.7", "https", "example.org:8443"
            )
        )
        #expect(try forwarded("proto=https;host=example.org") == ("10.1.2.3", "https", "example.org"))
        #expect(try forwarded("for=198.51.100.7") == ("198.51.100.7", "http", "localhost"))
        for nonsense in ["ftp", "\"https \"", "javascript", "\"\""] {
            #expect(try forwarded("for=198.51.100.7;proto=\(nonsense)").1 == "http", "\(nonsense)")
        }
        for nonsense in ["\"a b\"", "\"a/b\"", "\"a@b\"", "\"\"", "\"a:b\"", "\"a:999999\""] {
            #expect(try forwarded("for=198.51.100.7;host=\(nonsense)").2 == "localhost", "\(nonsense)")
        }
    }

    @Test(
        "what a client ends X-Forwarded-For with does not swallow what a proxy appends to it",
        arguments: ["x\u{600}", "6.6.6.6\u{110BD}", "\u{200D}", "10.0.0.1\u{600}"]
    )
    func swallowedComma(_ sent: String) throws {
        let record = try record(.xForwarded, [("X-Forwarded-For", "\(sent), 198.51.100.7")])
        #expect(record.client.text == "198.51.100.7")
        let host = try self.record(
            .xForwarded,
            [("X-Forwarded-For", "\(sent), 198.51.100.7"), ("X-Forwarded-Host", "evil.example\u{600}, good.example")]
        )
        #expect(host.clientAuthority == "good.example")
    }

    @Test("of a chain that no proxies make, the nearest 32 are read, and of an element 1 KB")
    func boundedChain() throws {
        let hops = Array(repeating: "10.0.0.1", count: 400)
        #expect(
            try record(.xForwarded, [("X-Forwarded-For", (["6.6.6.6"] + hops).joined(separator: ","))]).client.text
                == "10.0.0.1"
        )
        #expect(try forwarded((["6.6.6.6"] + hops).map { "for=\($0)" }.joined(separator: ",")).0 == "10.0.0.1")
        #expect(try forwarded("for=198.51.100.7" + String(repeating: ";", count: 1100)).0 == "10.1.2.3")
    }

    @Test("only one kind of fields is believed, whichever the other says")
    func oneKind() throws {
        let both = [
            ("Forwarded", "for=6.6.6.6;proto=https;host=evil.example"), ("X-Forwarded-For", "198.51.100.7"),
            ("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "good.example"),
        ]
        let xForwarded = try record(.xForwarded, both)
        #expect(xForwarded.client.text == "198.51.100.7")
        #expect(xForwarded.scheme == "http" && xForwarded.clientAuthority == "good.example")
        let forwarded = try record(.forwarded, both)
        #expect(forwarded.client.text == "6.6.6.6")
        #expect(forwarded.scheme == "https" && forwarded.clientAuthority == "evil.example")
        for headers in ProxyHeaders.allCases {
            let stranger = try record(peer: "192.0.2.9", headers, both)
            #expect(stranger.client.text == "192.0.2.9")
            #expect(stranger.scheme == "http" && stranger.clientAuthority == "localhost")
            let nobody = try record(trusting: [], headers, both)
            #expect(
                nobody.client.text == "10.1.2.3" && nobody.scheme == "http" && nobody.clientAuthority == "localhost"
            )
        }
    }

    @Test(
        "of X-Forwarded-Proto and -Host the value counts that the client's proxy wrote, or the only one",
        arguments: [
            ("198.51.100.7", "https", "a.example", "https", "a.example"),
            ("198.51.100.7, 10.0.0.9", "https", "a.example", "https", "a.example"),
            ("198.51.100.7, 10.0.0.9", "https, http", "a.example, inner", "https", "a.example"),
            ("6.6.6.6, 198.51.100.7", "http, https", "evil.example, a.example", "https", "a.example"),
            (
                "6.6.6.6, 198.51.100.7, 10.0.0.9", "http, https, http", "evil.example, a.example, inner", "https",
                "a.example"
            ),
            ("", "https", "a.example", "https", "a.example"),
            ("198.51.100.7", "https,", "a.example,", "http", "localhost"),
            ("198.51.100.7", "wss", "a b", "http", "localhost"),
        ]
    )
    func lists(hops: String, protos: String, hosts: String, scheme: String, host: String) throws {
        var fields = [("X-Forwarded-Proto", protos), ("X-Forwarded-Host", hosts)]
        if !hops.isEmpty { fields.append(("X-Forwarded-For", hops)) }
        let record = try record(.xForwarded, fields)
        #expect(record.scheme == scheme && record.clientAuthority == host)
        let lines = fields.flatMap { name, value in value.split(separator: ", ").map { (name, String($0)) } }
        if !protos.hasSuffix(",") {
            let record = try self.record(.xForwarded, lines)
            #expect(record.scheme == scheme && record.clientAuthority == host, "the same in several lines")
        }
    }

    @Test("the host without proxies is that of the target or of Host, with its port")
    func ownHost() throws {
        let request = try Request(.get, "/", headerFields: [HTTPField.Name("Host")!: "example.org:8080"])
        #expect(request.authority == "example.org:8080" && request.scheme == "http" && request.clientIP == nil)
        #expect(try Request(.get, "http://target.example:81/x").authority == "target.example:81")
    }
}

@Suite("Fields of every answer")
struct CommonFieldsTests {
    private func lines(_ fields: HTTPFields) throws -> [String] {
        let record = try Request(.get, "/").record
        let context = ServerContext(
            routes: RouteTable(),
            trustedProxies: [],
            commonFields: CommonFields([
                HTTPField(name: .xContentTypeOptions, value: "nosniff"), HTTPField(name: .server, value: "common"),
            ])
        )
        let output = OutputBuffer(capacity: 4096)
        output.append(
            Response(status: .noContent, headerFields: fields),
            to: RequestRecord(copying: record, context: context),
            date: [],
            then: .keepAlive
        )
        return String(decoding: output.remainder(after: 0).bytes, as: UTF8.self).split(separator: "\r\n").map(
            String.init
        )
    }

    @Test("stand in each, but for one that has such a field itself")
    func common() throws {
        #expect(try lines([:]).contains("X-Content-Type-Options: nosniff"))
        #expect(try lines([:]).contains("Server: common"))
        let own = try lines([.server: "own"])
        #expect(own.contains("X-Content-Type-Options: nosniff"))
        #expect(own.filter { $0.hasPrefix("Server") } == ["Server: own"])
    }
}
