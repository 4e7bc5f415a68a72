import Testing

@testable import HTTPServer

@Suite("A refused request")
struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        var method = "GET"
        var target = "-"
        var path = "-"
        /// The client's own, or `nil` for one of the server's.
        var id: String? = "abc"

        var testDescription: String { name }
    }

    private static let fields = "Host: a\r\nX-Request-ID: abc\r\n\r\n"
    private static let next = "GET /next HTTP/1.1\r\nHost: a\r\nX-Request-ID: NEXT\r\n\r\n"

    @Test(
        "is logged with what could be made out, and answered with its id",
        arguments: [
            Case(
                name: "an encoded backslash",
                request: "GET /a%5C?b HTTP/1.1\r\n" + fields,
                target: "/a%5C?b",
                path: "/a%5C"
            ),
            Case(name: "a fragment", request: "GET /a#b HTTP/1.1\r\n" + fields, target: "/a#b", path: "/a"),
            Case(
                name: "an unknown method",
                request: "BREW /pot HTTP/1.1\r\n" + fields,
                method: "BREW",
                target: "/pot",
                path: "/pot"
            ),
            Case(
                name: "a method of 33 letters, which nobody reads beyond",
                request: String(repeating: "A", count: 33) + " / HTTP/1.1\r\n" + fields,
                method: "-"
            ),
            Case(name: "no token", request: "G{T / HTTP/1.1\r\n" + fields, method: "-"),
            Case(name: "an unknown version", request: "GET / HTTP/2.0\r\n" + fields, target: "/", path: "/"),
            Case(name: "a space in the target", request: "GET /a b HTTP/1.1\r\n" + fields),
            Case(name: "a control byte in the target", request: "GET /a\u{1} HTTP/1.1\r\n" + fields),
            Case(name: "a byte beyond ASCII in the target", request: "GET /é HTTP/1.1\r\n" + fields),
            Case(
                name: "user information, which is nobody's business",
                request: "GET http://u:p@a/x HTTP/1.1\r\n" + fields,
                target: "http://u:p@a/x"
            ),
            Case(
                name: "a broken field before the id",
                request: "GET /x HTTP/1.1\r\nAccept : a\r\n" + fields,
                target: "/x",
                path: "/x"
            ),
            Case(
                name: "a broken field behind the id",
                request: "GET /x HTTP/1.1\r\nX-Request-ID: abc\r\nHost : a\r\n\r\n",
                target: "/x",
                path: "/x"
            ),
            Case(
                name: "bare line feeds",
                request: "GET / HTTP/1.1\nHost: a\nX-Request-ID: abc\n\n"
            ),
            Case(name: "a long request line", request: "GET /" + String(repeating: "a", count: 8200), id: nil),
            Case(
                name: "an id that is not safe to repeat",
                request: "GET /%00 HTTP/1.1\r\nX-Request-ID: a\"b\r\n\r\n",
                target: "/%00",
                path: "/%00",
                id: nil
            ),
            Case(
                name: "an id behind the head",
                request: "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\nX-Request-ID: abc\r\n\r\n",
                target: "/%00",
                path: "/%00",
                id: nil
            ),
            Case(
                name: "no length over HTTP/1.0, and a next request",
                request: "POST /x HTTP/1.0\r\n\r\n" + next,
                method: "POST",
                target: "/x",
                path: "/x",
                id: nil
            ),
            Case(
                name: "a length and chunks, and a next request",
                request: "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + next,
                method: "POST",
                target: "/x",
                path: "/x",
                id: nil
            ),
            Case(
                name: "a length and chunks, an id, and a next request",
                request: "POST /x HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n" + fields + next,
                method: "POST",
                target: "/x",
                path: "/x"
            ),
            Case(
                name: "chunks over HTTP/1.0, and a next request",
                request: "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + next,
                method: "POST",
                target: "/x",
                path: "/x",
                id: nil
            ),
            Case(
                name: "no Host, and a next request",
                request: "GET /x HTTP/1.1\r\n\r\n" + next,
                target: "/x",
                path: "/x",
                id: nil
            ),
            Case(name: "two empty lines, and a next request", request: "\r\n\r\n" + next, method: "-", id: nil),
            Case(
                name: "an id whose line has not ended",
                request: "GET /%00 HTTP/1.1\r\nX-Request-ID: abc",
                target: "/%00",
                path: "/%00",
                id: nil
            ),
        ]
    )
    func refused(_ refused: Case) throws {
        let recorder = Recorder()
        let server = try LiveServer(observer: recorder) { _ in }
        defer { server.stop() }
        let client = try server.connect()
        client.send(refused.request)
        let response = client.readResponse()
        #expect((response?.status ?? 0) >= 400)
        try expect(recorder.wait(for: 1)[0], refused, response)
    }

    @Test(
        "for coming too slowly is logged with what has come",
        arguments: [
            Case(
                name: "whole fields",
                request: "GET /slow HTTP/1.1\r\nX-Request-ID: abc\r\nHos",
                target: "/slow",
                path: "/slow"
            ),
            Case(name: "half a request line", request: "GET /sl", id: nil),
        ]
    )
    func slow(_ slow: Case) throws {
        let recorder = Recorder()
        var configuration = ServerConfiguration()
        configuration.headerTimeout = .seconds(1)
        let server = try LiveServer(configuration, observer: recorder) { _ in }
        defer { server.stop() }
        let client = try server.connect()
        client.send(slow.request)
        let response = client.readResponse()
        #expect(response?.status == 408)
        try expect(recorder.wait(for: 1)[0], slow, response)
    }

    private func expect(_ seen: Recorder.Seen, _ expected: Case, _ response: Client.Response?) throws {
        #expect(seen.method == expected.method)
        #expect(seen.target == expected.target)
        #expect(seen.path == expected.path)
        let id = try #require(response?["X-Request-ID"])
        #expect(seen.id == id)
        #expect(response?.text.contains("\"requestId\":\"\(id)\"") == true)
        #expect(expected.id == nil ? id.utf8.count > 17 : id == expected.id)
    }

    @Test("with HEAD gets no content, and its length")
    func head() throws {
        let server = try LiveServer { _ in }
        defer { server.stop() }
        for target in ["/%5C", "/a b"] {
            let client = try server.connect()
            client.send("HEAD \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = client.readResponse(toHead: true)
            #expect(response?.status == 400)
            #expect(response?["Content-Length"] != "0")
            #expect(client.isAtEnd())
        }
    }

    @Test("for a method longer than any is refused as soon as that is known, whatever is still to come")
    func longMethod() throws {
        let server = try LiveServer { _ in }
        defer { server.stop() }
        let client = try server.connect()
        // No more than this, and no line end: an answer at all says that the server waits for no more.
        client.send(String(repeating: "A", count: 33))
        let response = client.readResponse()
        #expect(response?.status == 501)
        #expect(response?["Connection"] == "close")
        #expect(client.isAtEnd())
    }
}
