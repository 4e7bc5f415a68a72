import HTTPTypes
import Testing
import Values

@testable import HTTPServer

@Suite("Messages")
struct MessageTests {
    @Test(
        "JSON strings are escaped",
        arguments: [
            ("", #""""#), ("a", #""a""#), ("\"\\", #""\"\\""#), ("a\nb\r\t", #""a\nb\r\t""#),
            ("\0\u{1F}", #""\u0000\u001f""#),
            ("é😀/", #""é😀/""#), ("ab\"", #""ab\"""#), ("\u{7F}", "\"\u{7F}\""),
        ]
    )
    func strings(text: String, expected: String) {
        var json = JSONWriter()
        json.value(text)
        #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
    }

    @Test("JSON gets its commas and brackets")
    func structure() {
        var json = JSONWriter()
        json.object { json in
            json.member("a", 0)
            json.member("b", Int.min)
            json.member("c", true)
            json.key("d")
            json.array { json in
                json.value(1)
                json.object { _ in }
                json.null()
                json.array { json in json.value("x") }
            }
            json.key("e")
            json.encoded(Array("{}".utf8))
            json.member("f", 0.5)
            json.key("g")
            let numbers = [-0.0, 1e300, .leastNonzeroMagnitude, .infinity, .nan]
            json.array { json in for number in numbers { json.value(number) } }
        }
        let expected =
            #"{"a":0,"b":-9223372036854775808,"c":true,"d":[1,{},null,["x"]],"e":{},"#
            + #""f":0.5,"g":[-0.0,1e+300,5e-324,null,null]}"#
        #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
    }

    @Test("a problem is a document that names each invalid field")
    func problem() {
        let problem = Problem(
            .unprocessableContent,
            type: "/problems/invalid",
            title: "Invalid",
            errors: [FieldError(field: "guest.email", detail: "is missing")],
            headerFields: [.retryAfter: "1"]
        )
        let response = problem.response(requestID: "r-1")
        guard case .bytes(let bytes) = response.body else { return #expect(Bool(false)) }
        let expected =
            #"{"type":"/problems/invalid","title":"Invalid","status":422,"requestId":"r-1","#
            + #""errors":[{"field":"guest.email","detail":"is missing"}]}"#
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
        #expect(response.headerFields[.retryAfter] == "1")
        #expect(Problem(.notFound).title == "Not Found")
    }

    private func written(
        _ response: Response,
        to target: String = "/",
        _ method: HTTPRequest.Method = .get,
        then continuation: OutputBuffer.Continuation = .keepAlive
    ) throws -> String {
        let output = OutputBuffer(capacity: 1)
        let request = try Request(method, target, headerFields: [HTTPField.Name("X-Request-ID")!: "id"])
        output.append(response, to: request.record, date: Array("Date: d\r\n".utf8), then: continuation)
        return String(decoding: output.remainder(after: 0).bytes, as: UTF8.self)
    }

    @Test("a response carries its framing, and nothing a handler says about it")
    func framing() throws {
        var fields = HTTPFields()
        for name in [
            "Content-Length", "transfer-encoding", "Connection", "Date", "Keep-Alive", "X-Request-ID", "Upgrade",
        ] {
            fields.append(HTTPField(name: HTTPField.Name(name)!, value: "7"))
        }
        fields[.eTag] = "\"1\"\r\nX-Injected: 1"
        let text = try written(Response(headerFields: fields, body: .string("héllo")))
        #expect(
            text
                == "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 6\r\nX-Request-ID: id\r\nETag: \"1\"  X-Injected: 1\r\n\r\nhéllo"
        )
    }

    @Test("HEAD, 204 and 304 have no body")
    func bodiless() throws {
        let head = try written(.text("hello"), to: "/", .head)
        #expect(head.hasSuffix("Content-Length: 5\r\nX-Request-ID: id\r\n\r\n"))
        for status in [HTTPResponse.Status.noContent, .notModified] {
            let text = try written(Response(status: status, body: .string("hello")))
            #expect(!text.contains("Content-Length") && text.hasSuffix("\r\n\r\n"))
        }
        #expect(try written(.status(.ok)).contains("Content-Length: 0\r\n"))
    }

    @Test("the end or the stay of a connection is said when it is not the usual")
    func continuation() throws {
        #expect(try !written(.noContent).contains("Connection"))
        #expect(try written(.noContent, then: .close).contains("\r\nConnection: close\r\n"))
        #expect(try written(.noContent, then: .explicitKeepAlive).contains("\r\nConnection: keep-alive\r\n"))
    }

    @Test("a content type is text that fits in a field")
    func contentType() {
        #expect(ContentType("text/csv")?.value == "text/csv")
        #expect(ContentType("text/csv\r\nX: y") == nil)
        #expect(ContentType("") == nil)
    }

    @Test("a status line is the same as the number and the words", arguments: 200..<600)
    func statusLine(code: Int) {
        guard let line = StatusLine.known(code) else { return }
        let status = HTTPResponse.Status(code: code)
        #expect(line.description == "HTTP/1.1 \(code) \(StatusLine.phrase(of: status))\r\n")
    }

    @Test(
        "every final status of RFC 9110 and RFC 6585 has its words",
        arguments: [
            200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content",
            205: "Reset Content", 206: "Partial Content", 300: "Multiple Choices", 301: "Moved Permanently",
            302: "Found", 303: "See Other", 304: "Not Modified", 305: "Use Proxy", 307: "Temporary Redirect",
            308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
            403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
            407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
            411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
            415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
            421: "Misdirected Request", 422: "Unprocessable Content", 426: "Upgrade Required",
            428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
            500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
            504: "Gateway Timeout", 505: "HTTP Version Not Supported", 511: "Network Authentication Required",
        ]
    )
    func phrase(code: Int, phrase: String) throws {
        #expect(try written(.status(.init(code: code))).hasPrefix("HTTP/1.1 \(code) \(phrase)\r\n"))
    }

    @Test(
        "dates are written as HTTP wants them",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_795_489_200, "Tue, 24 Nov 2026 03:00:00 GMT"),
        ]
    )
    func date(seconds: Int, expected: String) { #expect(DateHeader.text(of: seconds) == expected) }
}

@Suite("Byte sets")
struct ByteSetTests {
    private func expect(_ set: ByteSet, _ text: String) {
        let members = Set(text.utf8)
        for byte in UInt8.min ... .max { #expect(set.contains(byte) == members.contains(byte), "\(byte)") }
    }

    @Test("are those of the RFCs")
    func sets() {
        let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        let unreserved = alphanumeric + "-._~"
        let subDelimiters = "!$&'()*+,;="
        expect(.token, alphanumeric + "!#$%&'*+-.^_`|~")
        expect(.path, unreserved + subDelimiters + ":@/%")
        expect(.registeredName, unreserved + subDelimiters + "%")
        expect(.addressLiteral, unreserved + subDelimiters + ":")
        expect(.requestID, alphanumeric + "._:/+=@-")
        expect(.query, String(decoding: (0x21...0x7E).filter { $0 != UInt8(ascii: "#") }, as: UTF8.self))
    }
}

@Suite("Deadlines")
struct DeadlineListsTests {
    private func lists() -> DeadlineLists {
        var configuration = ServerConfiguration()
        configuration.headerTimeout = .nanoseconds(100)
        configuration.keepAliveTimeout = .nanoseconds(1000)
        return DeadlineLists(configuration)
    }

    @Test("come in their order, whatever is armed again or disarmed")
    func order() {
        var lists = lists()
        lists.arm(7, .head, now: 0)
        lists.arm(3, .head, now: 10)
        lists.arm(5, .head, now: 20)
        lists.arm(3, .head, now: 30)
        lists.arm(9, .idle, now: 0)
        #expect(lists.next == 100)
        lists.disarm(7)
        #expect(lists.next == 120)
        #expect(lists.timer(of: 7) == nil)
        #expect(lists.timer(of: 9) == .idle)
        #expect(lists.popExpired(now: 119) == nil)
        #expect(lists.popExpired(now: 120)! == (5, .head))
        #expect(lists.popExpired(now: 2000)! == (3, .head))
        #expect(lists.popExpired(now: 2000)! == (9, .idle))
        #expect(lists.popExpired(now: 2000) == nil)
        #expect(lists.next == nil)
    }

    @Test("move from one list to another")
    func moving() {
        var lists = lists()
        lists.arm(4, .idle, now: 0)
        lists.arm(4, .head, now: 0)
        #expect(lists.next == 100)
        #expect(lists.popExpired(now: 5000)! == (4, .head))
        #expect(lists.popExpired(now: 5000) == nil)
    }

    @Test("JSON escapes what must be, wherever it stands in a string, and nothing else")
    func escapes() {
        func reference(_ text: String) -> String {
            text.unicodeScalars.reduce(into: "") { result, scalar in
                switch scalar {
                case "\"": result += "\\\""
                case "\\": result += "\\\\"
                case "\n": result += "\\n"
                case "\r": result += "\\r"
                case "\t": result += "\\t"
                case ..<" ":
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                default: result.unicodeScalars.append(scalar)
                }
            }
        }
        let scalars = (0..<0x100).compactMap { Unicode.Scalar(UInt32($0)) } + ["€", "𝄞"]
        // Strings are looked through eight bytes at a time.
        for scalar in scalars {
            for position in 0..<18 {
                var scalars = Array(repeating: Unicode.Scalar("x"), count: 18)
                scalars[position] = scalar
                let text = String(String.UnicodeScalarView(scalars))
                var json = JSONWriter()
                json.object { json in
                    json.key(name: text)
                    json.value(text)
                }
                let quoted = "\"" + reference(text) + "\""
                #expect(String(decoding: json.bytes, as: UTF8.self) == "{" + quoted + ":" + quoted + "}")
            }
        }
    }

    @Test(
        "an address is written as it is read",
        arguments: ["0.0.0.0", "1.20.103.255", "10.0.100.9", "255.255.255.255", "2001:db8::1", "::1"]
    )
    func addresses(_ text: String) {
        #expect(PeerAddress(text: text)?.text == text)
        #expect(text.contains(":") || PeerAddress(text: "::ffff:" + text)?.text == text)
    }
}
