import HTTPTypes
import Linux
import Testing

@testable import HTTPServer

@Suite("A request")
struct RequestTests {
    @Test("gives its parts as they came and as they mean")
    func parts() throws {
        let request = try Request(
            .post,
            "/v1/r%C3%B6om%20s?from=a%26b&to",
            headerFields: [.accept: "text/plain", .contentType: "application/json"],
            body: Array("{}".utf8)
        )
        #expect(request.method == .post)
        #expect(request.target == "/v1/r%C3%B6om%20s?from=a%26b&to")
        #expect(request.path == "/v1/röom s")
        #expect(request.query["from"] == "a&b")
        #expect(request.query["to"] == "")
        #expect(request.query["guests"] == nil)
        #expect(request.body == Array("{}".utf8))
        #expect(request.bodySize == 2)
        #expect(request.withBody { $0.count } == 2)
        #expect(request.headerFields[.accept] == "text/plain")
        #expect(request.value(of: .contentType) == "application/json")
        #expect(request.value(of: .ifMatch) == nil)
        #expect(request.version == .http1_1)
        #expect(request.withMethodAndTarget { String(copying: $0) } == "POST /v1/r%C3%B6om%20s?from=a%26b&to")
        #expect(request.deadline > SuspendingClock.now)
        // The same moment on the clock of which it is made: not that of another one, which a suspension sets apart.
        let left = Double(request.monotonicTimes.deadline) - Double(MonotonicInstant.now.nanoseconds)
        let seconds = SuspendingClock.now.duration(to: request.deadline) / .seconds(1)
        #expect(abs(seconds - left / 1e9) < 1)
    }

    @Test("joins the lines of a field", arguments: [("X-A", "1, 2"), ("Cookie", "1; 2")])
    func joined(name: String, expected: String) throws {
        let name = HTTPField.Name(name)!
        var fields = HTTPFields()
        fields.append(HTTPField(name: name, value: "1"))
        fields.append(HTTPField(name: name, value: "2"))
        #expect(try Request(.get, "/", headerFields: fields).value(of: name) == expected)
    }

    @Test(
        "has the host of its target where the target names one, whatever Host says",
        arguments: [
            ("/x", "a:80"), ("http://b:8080/x", "b:8080"), ("http://B", "B"), ("https://[::1]?y", "[::1]"),
            ("http://a:80/x", "a:80"),
        ]
    )
    func host(target: String, expected: String) throws {
        let host = HTTPField.Name("Host")!
        let request = try Request(.get, target, headerFields: [.accept: "*/*", host: "a:80", .range: "none"])
        #expect(request.value(of: host) == expected)
        #expect(request.headerFields[host] == expected)
        #expect(request.headerFields[.range] == "none")
        #expect(request.target == target)
    }

    @Test(
        "decodes its query",
        arguments: [
            ("a=1", ["a": ["1"]]), ("a=1&a=2&b", ["a": ["1", "2"], "b": [""]]), ("a+b=c%2Bd+e", ["a b": ["c+d e"]]),
            ("&&a=1&", ["a": ["1"]]), ("=1", ["": ["1"]]), ("a==b=", ["a": ["=b="]]), ("%61=%C3%A9", ["a": ["é"]]),
            ("", [:]),
        ]
    )
    func query(raw: String, expected: [String: [String]]) throws {
        let query = try Request(.get, "/?" + raw).query
        #expect(Dictionary(grouping: query.parameters, by: \.name).mapValues { $0.map(\.value) } == expected)
        for (name, values) in expected { #expect(query.values(for: name) == values) }
    }

    @Test("is refused like one from the wire")
    func refused() {
        #expect { try Request(.get, "/..") } throws: { ($0 as? Problem)?.status == .badRequest }
        #expect { try Request(.get, "/a b") } throws: { ($0 as? Problem)?.status == .badRequest }
    }

    @Test(
        "keeps a sane id and makes one in place of another",
        arguments: [
            ("abc", true), ("A-Z.0_9:/+=@", true), (String(repeating: "a", count: 128), true),
            (String(repeating: "a", count: 129), false), ("a b", false), ("a\"b", false), ("é", false), ("a;b", false),
        ]
    )
    func id(given: String, isKept: Bool) throws {
        let request = try Request(.get, "/", headerFields: [HTTPField.Name("X-Request-ID")!: given])
        #expect((request.id == given) == isKept)
        #expect(!request.id.isEmpty)
    }

    @Test("ids made here differ, and sort by their counter's digits")
    func madeIDs() {
        var ids = RequestID.Sequence()
        let made = (0..<300).map { _ in ids.make().withBytes { String(copying: $0) } }
        #expect(Set(made).count == 300)
        #expect(made[0].hasSuffix("-1"))
        #expect(made[15].hasSuffix("-10"))
        #expect(made[299].hasSuffix("-12c"))
    }
}

@Suite("A client's address")
struct ClientAddressTests {
    private func address(peer: String, trusting: [String], forwarded: [String]) throws -> String {
        var fields = HTTPFields()
        for line in forwarded { fields.append(HTTPField(name: HTTPField.Name("X-Forwarded-For")!, value: line)) }
        let request = try Request(.get, "/", headerFields: fields)
        let record = RequestRecord(
            copying: request.record,
            context: ServerContext(routes: RouteTable(), trustedProxies: trusting.map { AddressRange($0)! })
        )
        record.peer = peer == "unix" ? .unix : PeerAddress(text: peer)!
        return record.client.text
    }

    @Test("is the peer when the peer is no trusted proxy")
    func untrusted() throws {
        #expect(try address(peer: "192.0.2.1", trusting: [], forwarded: ["198.51.100.7"]) == "192.0.2.1")
        #expect(try address(peer: "192.0.2.1", trusting: ["10.0.0.0/8"], forwarded: ["198.51.100.7"]) == "192.0.2.1")
    }

    @Test("is the last hop that is no trusted proxy, whatever stands before it")
    func trusted() throws {
        let trusting = ["10.0.0.0/8", "fd00::/8", "unix"]
        #expect(try address(peer: "10.1.2.3", trusting: trusting, forwarded: ["198.51.100.7"]) == "198.51.100.7")
        #expect(
            try address(peer: "10.1.2.3", trusting: trusting, forwarded: ["6.6.6.6, 198.51.100.7 ,10.0.0.1"])
                == "198.51.100.7"
        )
        #expect(
            try address(peer: "10.1.2.3", trusting: trusting, forwarded: ["6.6.6.6", "198.51.100.7"]) == "198.51.100.7"
        )
        #expect(try address(peer: "10.1.2.3", trusting: trusting, forwarded: []) == "10.1.2.3")
        #expect(try address(peer: "10.1.2.3", trusting: trusting, forwarded: ["6.6.6.6, nonsense"]) == "10.1.2.3")
        #expect(try address(peer: "10.1.2.3", trusting: trusting, forwarded: ["10.0.0.9"]) == "10.0.0.9")
        #expect(try address(peer: "fd00::1", trusting: trusting, forwarded: ["2001:DB8::1"]) == "2001:db8::1")
        #expect(try address(peer: "unix", trusting: trusting, forwarded: ["198.51.100.7"]) == "198.51.100.7")
        #expect(try address(peer: "unix", trusting: [], forwarded: ["198.51.100.7"]) == "unix")
    }

    @Test(
        "may be followed by the port it came from",
        arguments: [
            ("1.2.3.4:5678", "1.2.3.4"), ("[2001:db8::1]", "2001:db8::1"), ("[2001:DB8::1]:443", "2001:db8::1"),
            ("\t1.2.3.4:65535 ", "1.2.3.4"), ("[::ffff:1.2.3.4]:1", "1.2.3.4"),
            ("6.6.6.6, 1.2.3.4:80, 10.0.0.1:9", "1.2.3.4"),
        ]
    )
    func ports(forwarded: String, expected: String) throws {
        #expect(try address(peer: "10.1.2.3", trusting: ["10.0.0.0/8"], forwarded: [forwarded]) == expected)
    }

    @Test(
        "is nothing that only begins like an address, nor anything before it",
        arguments: [
            "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:+80", "1.2.3.4:-1", "1.2.3.4:8x", "1.2.3.4:80:80", "1.2.3.4 5.6.7.8",
            "1.2.3.4 :80", "1.2.3.4:000080", ":80", "[1.2.3.4]", "[1.2.3.4]:80", "[::1", "::1]", "::1]:80", "[::1]80",
            "[::1]:", "[::1]:65536", "[::1]::80", "[[::1]]", "[]", "[]:80", "[::1%lo]", "a:80", "", "unknown",
            "_hidden",
            "\"1.2.3.4\"", "[::1] :80",
        ]
    )
    func nonsense(_ hop: String) throws {
        let trusting = ["10.0.0.0/8"]
        #expect(try address(peer: "10.1.2.3", trusting: trusting, forwarded: ["6.6.6.6, " + hop]) == "10.1.2.3")
        #expect(try address(peer: "10.1.2.3", trusting: trusting, forwarded: [hop, "10.0.0.9"]) == "10.0.0.9")
    }

    @Test("an address range is a prefix without bits behind it")
    func ranges() {
        for text in ["10.0.0.0/8", "::1", "0.0.0.0/0", "::/0", "192.0.2.1/32", "unix"] {
            #expect(AddressRange(text) != nil)
        }
        for text in ["10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0/8", "a", "", "/8", "10.0.0.0/-1"] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
        #expect(AddressRange("0.0.0.0/0")!.contains(PeerAddress(text: "1.2.3.4")!))
        #expect(!AddressRange("0.0.0.0/0")!.contains(PeerAddress(text: "::1")!))
        #expect(AddressRange("192.0.2.0/24")!.contains(PeerAddress(text: "::ffff:192.0.2.9")!))
    }
}
