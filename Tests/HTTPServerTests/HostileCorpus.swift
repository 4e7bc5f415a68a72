/// Requests that a strict server must refuse, or must read in exactly one way, after RFC 9110 and RFC 9112 and the ways
/// in which servers have been smuggled past each other. Behind each refused one a second request is waiting, which must
/// never be read: nothing of it, not even its request id.
struct HostileCase: Sendable {
    let name: String
    let bytes: [UInt8]
    /// The status of the refusal, or `nil` where requests are answered.
    let status: Int?
    /// How many requests are answered 2xx or 404 before anything else.
    let requests: Int

    init(_ name: String, _ text: String, status: Int?, requests: Int = 0) {
        self.init(name, Array(text.utf8), status: status, requests: requests)
    }

    init(_ name: String, _ bytes: [UInt8], status: Int?, requests: Int = 0) {
        self.name = name
        self.bytes = bytes
        self.status = status
        self.requests = requests
    }

    static let second = "GET /second HTTP/1.1\r\nHost: a\r\nX-Request-ID: NEXT\r\n\r\n"

    private static func refused(_ name: String, _ status: Int, _ text: String) -> HostileCase {
        HostileCase(name, text + second, status: status)
    }

    private static func get(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n" }

    private static func field(_ line: String) -> String { "GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n" }

    private static func chunked(_ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    }

    static let all: [HostileCase] = requestLines + hosts + fieldSyntax + lengths + codings + chunks + targets + others

    static let requestLines: [HostileCase] = [
        refused("bare line feeds", 400, "GET / HTTP/1.1\nHost: a\n\n"),
        refused("a bare line feed after the request line", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        refused("a bare line feed after a field", 400, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
        refused("a bare line feed at the end of the head", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        refused("a bare carriage return in the request line", 400, "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("two spaces after the method", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("two spaces before the version", 400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a tab after the method", 400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a trailing space", 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        refused("a leading space", 400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a space in the target", 400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("no version (HTTP/0.9)", 400, "GET /\r\n"),
        refused("only a method", 400, "GET\r\n\r\n"),
        refused("an empty method", 400, " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a method that is no token", 400, "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a lower-case method", 501, "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("an unknown method", 501, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a method longer than any", 501, String(repeating: "A", count: 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a method of 100 KB", 501, String(repeating: "A", count: 100_000) + " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a long method behind an empty line", 501, "\r\n" + String(repeating: "A", count: 9000)),
        refused("a long method and nothing behind it", 501, String(repeating: "A", count: 40) + "\r\n\r\n"),
        refused("a long method and a bare line feed", 501, String(repeating: "A", count: 40) + "\n"),
        refused(
            "a long method in a version nobody speaks",
            501,
            String(repeating: "A", count: 40) + " / HTTP/2.0\r\n\r\n"
        ),
        refused(
            "a method of 32 letters that is no token",
            400,
            String(repeating: "A", count: 32) + "( / HTTP/1.1\r\n\r\n"
        ),
        refused("CONNECT", 501, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
        refused("a lower-case version", 400, "GET / http/1.1\r\nHost: a\r\n\r\n"),
        refused("a version of one digit", 400, "GET / HTTP/1\r\nHost: a\r\n\r\n"),
        refused("a version of three digits", 400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
        refused("a version with a zero in front", 400, "GET / HTTP/01.1\r\nHost: a\r\n\r\n"),
        refused("HTTP/2.0", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        refused("HTTP/0.9 spelled out", 505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
        refused("HTTP/3.0", 505, "GET / HTTP/3.0\r\nHost: a\r\n\r\n"),
        refused("the preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        refused("two empty lines first", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("an empty line that is a bare line feed", 400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileCase("one empty line first", "\r\n" + get("/") + second, status: nil, requests: 2),
        HostileCase("a TLS greeting", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00], status: 400),
        HostileCase("a later minor version", "GET / HTTP/1.9\r\nHost: a\r\n\r\n" + second, status: nil, requests: 2),
        refused("NUL in the request line", 400, "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    static let hosts: [HostileCase] = [
        refused("no Host", 400, "GET / HTTP/1.1\r\nAccept: a\r\n\r\n"),
        refused("no field at all", 400, "GET / HTTP/1.1\r\n\r\n"),
        refused("two Hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        refused("two equal Hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        refused("an empty Host", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        refused("a list of hosts", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        refused("a Host with a space", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        refused("a Host with a path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        refused("a Host with user information", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        refused("a Host with a word for a port", 400, "GET / HTTP/1.1\r\nHost: a:http\r\n\r\n"),
        refused("a Host with two ports", 400, "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"),
        refused("an open address literal", 400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        refused("an empty address literal", 400, "GET / HTTP/1.1\r\nHost: []\r\n\r\n"),
        refused("two Hosts in HTTP/1.0", 400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        HostileCase(
            "an address literal",
            "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n" + second,
            status: nil,
            requests: 2
        ),
        HostileCase(
            "a Host with an empty port",
            "GET / HTTP/1.1\r\nHost: a:\r\n\r\n" + second,
            status: nil,
            requests: 2
        ),
        HostileCase("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n" + second, status: nil, requests: 1),
        HostileCase(
            "absolute form and another Host",
            "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n" + second,
            status: nil,
            requests: 2
        ),
        refused("absolute form and an invalid Host", 400, "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n"),
        refused("absolute form and an empty Host", 400, "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n"),
        refused("absolute form and two Hosts", 400, "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        refused("absolute form without Host", 400, "GET http://a/ HTTP/1.1\r\n\r\n"),
        refused("absolute form with user information", 400, "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("absolute form without authority", 400, "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("another scheme", 400, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("authority form", 400, "GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
        HostileCase(
            "absolute form",
            "GET HTTP://A/x?y HTTP/1.1\r\nHost: a\r\n\r\n" + second,
            status: nil,
            requests: 2
        ),
        HostileCase(
            "absolute form, no path",
            "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n" + second,
            status: nil,
            requests: 2
        ),
    ]

    static let fieldSyntax: [HostileCase] = [
        refused("a space before the colon", 400, field("Accept : a")),
        refused("a tab before the colon", 400, field("Accept\t: a")),
        refused("a folded line", 400, field("Accept: a\r\n b")),
        refused("a folded line with a tab", 400, field("Accept: a\r\n\tb")),
        refused("a folded first field", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        refused("no colon", 400, field("Accept")),
        refused("an empty name", 400, field(": a")),
        refused("a name that is no token", 400, field("Acc(ept: a")),
        refused("a name with a space", 400, field("Acc ept: a")),
        refused("a bare carriage return in a value", 400, field("Accept: a\rb")),
        refused("a carriage return at a value's end", 400, field("Accept: a\r")),
        refused("NUL in a value", 400, field("Accept: a\0b")),
        refused("DEL in a value", 400, field("Accept: a\u{7F}b")),
        refused("a control character in a value", 400, field("Accept: a\u{1}b")),
        refused("NUL in a name", 400, field("Acc\0ept: a")),
        HostileCase("blanks around a value", field("Accept: \t a \t ") + second, status: nil, requests: 2),
        HostileCase("an empty value", field("Accept:") + second, status: nil, requests: 2),
        HostileCase("obs-text in a value", field("Accept: \u{E9}") + second, status: nil, requests: 2),
    ]

    static let lengths: [HostileCase] =
        [
            ("two lengths", "Content-Length: 1\r\nContent-Length: 2"),
            ("two equal lengths", "Content-Length: 1\r\nContent-Length: 1"),
            ("a list of lengths", "Content-Length: 1, 1"),
            ("a plus sign", "Content-Length: +1"),
            ("a minus sign", "Content-Length: -1"),
            ("an empty length", "Content-Length:"),
            ("a length in hexadecimal", "Content-Length: 0x1"),
            ("a length with a fraction", "Content-Length: 1.0"),
            ("a length with an exponent", "Content-Length: 1e1"),
            ("a length with a blank inside", "Content-Length: 1 1"),
            ("a length that overflows", "Content-Length: 18446744073709551617"),
            ("a length of many zeros", "Content-Length: 000000000000000000000"),
            ("a length in quotes", "Content-Length: \"1\""),
            ("a length with an underscore", "Content-Length: 1_0"),
        ].map { refused($0.0, 400, "POST / HTTP/1.1\r\nHost: a\r\n\($0.1)\r\n\r\nx") } + [
            refused("length and chunked", 400, field("Content-Length: 5\r\nTransfer-Encoding: chunked")),
            refused("chunked and length", 400, field("Transfer-Encoding: chunked\r\nContent-Length: 5")),
            refused("more than the route takes", 413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n"),
            refused("POST over HTTP/1.0 without length", 411, "POST / HTTP/1.0\r\n\r\n"),
            HostileCase(
                "a GET with a body that looks like a request",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \(second.utf8.count)\r\n\r\n" + second,
                status: nil,
                requests: 1
            ),
        ]

    static let codings: [HostileCase] =
        [
            ("an unknown coding", "gzip, chunked", 501),
            ("identity", "identity", 400),
            ("gzip alone", "gzip", 400),
            ("chunked twice", "chunked, chunked", 400),
            ("chunked not last", "chunked, gzip", 400),
            ("an empty coding", "", 400),
            ("only commas", ", ,", 400),
            ("a vertical tab before chunked", "\u{B}chunked", 400),
            ("chunked with a parameter", "chunked;q=1", 400),
            ("chunked in quotes", "\"chunked\"", 400),
            ("xchunked", "xchunked", 400),
        ].map { refused($0.0, $0.2, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \($0.1)\r\n\r\n0\r\n\r\n") } + [
            refused(
                "two Transfer-Encodings",
                400,
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            refused("chunked over HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            HostileCase(
                "Chunked in capitals",
                "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n" + second,
                status: nil,
                requests: 2
            ),
        ]

    static let chunks: [HostileCase] =
        [
            ("a chunk without size", "\r\nx\r\n0\r\n\r\n"),
            ("a size with a sign", "+1\r\nx\r\n0\r\n\r\n"),
            ("a size with 0x", "0x1\r\nx\r\n0\r\n\r\n"),
            ("a size with a blank in front", " 1\r\nx\r\n0\r\n\r\n"),
            ("a size with a blank behind", "1 \r\nx\r\n0\r\n\r\n"),
            ("a bare line feed after the size", "1\nx\r\n0\r\n\r\n"),
            ("a bare line feed after the data", "1\r\nx\n0\r\n\r\n"),
            ("a chunk longer than its size", "1\r\nxy\r\n0\r\n\r\n"),
            ("a chunk shorter than its size", "3\r\nx\r\n0\r\n\r\n"),
            ("a bare carriage return in an extension", "1;a\rb\r\nx\r\n0\r\n\r\n"),
            ("a bare line feed in an extension", "1;a\nb\r\nx\r\n0\r\n\r\n"),
            ("NUL in an extension", "1;a\0\r\nx\r\n0\r\n\r\n"),
            ("an endless extension", "1;" + String(repeating: "a", count: 5000) + "\r\nx\r\n0\r\n\r\n"),
            ("an extension without a name", "1;\r\nx\r\n0\r\n\r\n"),
            ("blanks in place of an extension", "1; \r\nx\r\n0\r\n\r\n"),
            ("an empty extension before another", "1;;a\r\nx\r\n0\r\n\r\n"),
            ("an extension that ends with a semicolon", "1;a;\r\nx\r\n0\r\n\r\n"),
            ("an extension's value without a name", "1;=b\r\nx\r\n0\r\n\r\n"),
            ("an extension's name that is no token", "1;bad[=x\r\nx\r\n0\r\n\r\n"),
            ("an extension's name of two words", "1;a b\r\nx\r\n0\r\n\r\n"),
            ("an extension without a value", "1;a=\r\nx\r\n0\r\n\r\n"),
            ("an extension's value that is no token", "1;a=b@\r\nx\r\n0\r\n\r\n"),
            ("an extension of two values", "1;a=b=c\r\nx\r\n0\r\n\r\n"),
            ("an open quote in an extension", "1;a=\"\r\nx\r\n0\r\n\r\n"),
            ("a quote in an extension that is closed in the data", "1;a=\"\r\n\"\r\n0\r\n\r\n"),
            ("a quoted quote at an extension's end", "1;a=\"\\\"\r\nx\r\n0\r\n\r\n"),
            ("a quoted line end in an extension", "1;a=\"\\\r\n\"\r\nx\r\n0\r\n\r\n"),
            ("a control character in a quoted extension", "1;a=\"\u{1}\"\r\nx\r\n0\r\n\r\n"),
            ("text behind a quoted extension", "1;a=\"b\"c\r\nx\r\n0\r\n\r\n"),
            ("a blank behind an extension", "1;a \r\nx\r\n0\r\n\r\n"),
            ("a blank behind an extension's value", "1;a=\"b\"\t\r\nx\r\n0\r\n\r\n"),
            ("an extension of the last chunk without a name", "0;\r\n\r\n"),
            ("a trailer without a colon", "0\r\nTrailer\r\n\r\n"),
            ("a trailer with a blank in its name", "0\r\nA b: c\r\n\r\n"),
            ("a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"),
            ("a bare line feed after a trailer", "0\r\nA: b\n\r\n"),
            ("a bare line feed at the end", "0\r\n\n"),
            ("a bare carriage return at the end", "0\r\n\rX"),
        ].map { refused($0.0, 400, chunked($0.1)) } + [
            refused("a chunk larger than the route takes", 413, chunked("1312D00\r\n")),
            refused("a chunk size that overflows", 413, chunked("10000000000000001\r\nx\r\n0\r\n\r\n")),
            refused("endless trailers", 431, chunked("0\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n")),
            refused(
                "an endless trailer",
                431,
                chunked("0\r\nA: " + String(repeating: "b", count: 33_000) + "\r\n\r\n")
            ),
            HostileCase(
                "extensions and trailers",
                chunked("1;a=b;c=\"d\"\r\nx\r\n2 ; e\r\nyz\r\n000\r\nContent-Length: 7\r\nB: c\r\n\r\n") + second,
                status: nil,
                requests: 2
            ),
            HostileCase(
                "extensions with blanks and quotes wherever they may be",
                chunked("1\t; a\t=\t\"b\\\"\\\\;\u{E9}\t\" ;d = e;f \t;g=\"\"\r\nx\r\n0;h\r\n\r\n") + second,
                status: nil,
                requests: 2
            ),
            HostileCase(
                "a chunk that holds a request",
                chunked(String(second.utf8.count, radix: 16) + "\r\n" + second + "\r\n0\r\n\r\n"),
                status: nil,
                requests: 1
            ),
        ]

    static let targets: [HostileCase] =
        [
            "/../x", "/x/..", "/./x", "/x/.", "/..", "/.", "/%2e%2e/x", "/x/%2E", "/.%2e/x", "/%2e",
            "/a%2Fb", "/a%5Cb", "/a\\b", "/%00", "/a%0Ab", "/%7F", "/%", "/%4", "/%GG", "/a%C3", "/%FF", "/%C0%AE",
            "/a#b", "/a?b#c", "/a?b=%", "/a?b=%G0", "/a?b=%FF", "/<a>", "/a\u{7F}", "/\u{E9}", "*",
            "/{a}", "/a|b", "/\"a\"", "/a^b", "x", "?a",
        ].map { refused("the target \($0.debugDescription)", 400, get($0)) }
        + [
            "/a/...", "/..a", "/a..b/", "//", "//a//b", "/a%20b", "/%C3%A9", "/a?b=[1]&c={d}|e", "/a?", "/?a=%00",
            "/a;b=c", "/~a", "/a%252e",
        ].map { HostileCase("the target \($0.debugDescription)", get($0) + second, status: nil, requests: 2) }

    static let others: [HostileCase] = [
        refused("another expectation", 417, field("Expect: 200-ok")),
        refused("an expectation list", 417, field("Expect: 100-continue, x")),
        HostileCase("an upgrade", field("Connection: upgrade\r\nUpgrade: h2c") + second, status: nil, requests: 2),
        HostileCase("close among other options", field("Connection: x, Close ,y") + second, status: nil, requests: 1),
        HostileCase("close and keep-alive", field("Connection: keep-alive, close") + second, status: nil, requests: 1),
        HostileCase(
            "HTTP/1.0 keep-alive",
            "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + second,
            status: nil,
            requests: 2
        ),
        HostileCase("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + second, status: nil, requests: 2),
        refused("a long request line", 414, get("/" + String(repeating: "a", count: 8200))),
        refused("a large field", 431, field("A: " + String(repeating: "a", count: 16_400))),
        refused(
            "large fields",
            431,
            field(String(repeating: "A: " + String(repeating: "a", count: 1000) + "\r\n", count: 33) + "B: c")
        ),
        refused("many fields", 431, field(String(repeating: "A: b\r\n", count: 100) + "B: c")),
    ]
}
