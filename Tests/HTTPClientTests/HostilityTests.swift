import Glibc
import HTTPTypes
import Linux
import Testing

@testable import HTTPClient
@testable import ProcessHarness

@Suite("Against a server that does what servers should not, a call", .serialized, .needs(.python3, .openssl))
struct HostilityTests {
    private let server: HostileServer

    init() throws { server = try HostileServer.shared.get() }

    /// How much later than its deadline a call may end on a machine that is busy.
    private static let tolerance = Duration.seconds(1)

    @Test(
        "ends within its deadline with an error that says what went wrong",
        arguments: [
            ("/hang", "timedOut(firstByte)"),
            ("/hang-in-status", "timedOut(firstByte)"),
            ("/hang-in-head", "timedOut(body)"),
            ("/hang-in-body", "timedOut(body)"),
            ("/drip-head", "timedOut(body)"),
            ("/drip-body", "timedOut(body)"),
            ("/close", "reset"),
            ("/reset", "reset"),
            ("/reset-in-head", "reset"),
            ("/reset-in-body", "reset"),
            ("/close-in-head", "reset"),
            ("/short", "reset"),
            ("/cut-chunks", "reset"),
            ("/bad-chunks", "malformed"),
            ("/word-length", "malformed"),
            ("/negative-length", "malformed"),
            ("/absurd-length", "tooLarge(body)"),
            ("/two-lengths", "malformed"),
            ("/huge-length", "tooLarge(body)"),
            ("/endless", "tooLarge(body)"),
            ("/endless-close", "tooLarge(body)"),
            ("/endless-head", "tooLarge(head)"),
            ("/endless-line", "tooLarge(head)"),
            ("/endless-interim", "tooLarge(head)"),
            ("/endless-trailers", "tooLarge(head)"),
            ("/bomb", "tooLarge(body)"),
            ("/bad-gzip", "malformed"),
            ("/unasked-coding", "malformed"),
            ("/garbage", "malformed"),
            ("/old", "malformed"),
            ("/no-status", "malformed"),
            ("/nul", "malformed"),
            ("/switching", "malformed"),
        ]
    )
    func misbehaves(path: String, expected: String) throws {
        let client = try HTTPClient(.hurried)
        let start = MonotonicInstant.now
        let error = failure { try client.send(.get(server.url(path))) }
        #expect(error?.reason.kind == expected, "\(String(describing: error))")
        #expect(MonotonicInstant.now - start < client.configuration.timeout + Self.tolerance)
        #expect(error?.host == "http://127.0.0.1:\(server.ports.plain)")
        #expect(error?.description.contains(path) == false, "a path is nobody's business: \(String(describing: error))")
    }

    @Test(
        "is malformed when the answer's status is not three digits from 100, whole and streamed",
        arguments: [
            "HTTP/1.1%20%20200%20OK", "HTTP/1.1%20-5%20No", "HTTP/2%20-5", "HTTP/2%20%20200", "HTTP/1.1%20+20%20OK",
            "HTTP/1.1%2020%20OK", "HTTP/1.1%202000%20OK", "HTTP/1.1%20099%20No", "HTTP/1.1%20000%20No",
            "HTTP/1.1%202x0%20OK", "HTTP/1.1%09200%20OK", "HTTP/1.1%20", "HTTP/1.1",
        ]
    )
    func status(line: String) throws {
        let client = try HTTPClient(.patient)
        let request = HTTPClient.Request.get(server.url("/status-line?" + line))
        let sent = failure { try client.send(request) }
        #expect(sent?.reason.kind == "malformed", "\(String(describing: sent))")
        let streamed = failure { try client.stream(request) { _ in Issue.record("there is no answer") } }
        #expect(streamed?.reason.kind == "malformed", "\(String(describing: streamed))")
    }

    @Test(
        "takes a status line without a reason",
        arguments: ["HTTP/1.1%20200", "HTTP/1.1%20200%20", "HTTP/1.0%20299%20x"]
    )
    func shortStatus(line: String) throws {
        #expect(try HTTPClient(.patient).send(.get(server.url("/status-line?" + line))).status.kind == .successful)
    }

    @Test("ends when there is nobody, nobody who accepts, and nobody who reads")
    func nobody() throws {
        let client = try HTTPClient(.hurried)
        for (port, expected) in [
            (server.ports.closed, "cannotConnect"), (server.ports.full, "timedOut(connection)"),
            (server.ports.silent, "timedOut(firstByte)"),
        ] {
            let start = MonotonicInstant.now
            let error = failure { try client.send(.get("http://127.0.0.1:\(port)/ok")) }
            #expect(error?.reason.kind == expected, "\(String(describing: error))")
            #expect(MonotonicInstant.now - start < client.configuration.timeout + Self.tolerance)
        }
        let unknown = failure { try client.send(.get("http://no-such-host.invalid/")) }
        #expect(
            ["cannotConnect", "timedOut(connection)"].contains(unknown?.reason.kind),
            "\(String(describing: unknown))"
        )
    }

    @Test("fails without a word of the proxy's user and password")
    func proxyCredentials() async throws {
        // In a process of its own, for the proxy is the environment's affair.
        await #expect(processExitsWith: .success) {
            unsetenv("no_proxy")
            unsetenv("NO_PROXY")
            for proxy in [
                "http://user:s3cret@[bad", "nonsense://user:s3cret@localhost:1", "http://user:s3cret@localhost:x",
            ] {
                setenv("http_proxy", proxy, 1)
                let error = failure { try HTTPClient(.hurried).send(.get("http://rooms.invalid/")) }
                #expect(error?.reason.kind == "cannotConnect", "\(String(describing: error))")
                #expect(error?.description.contains("s3cret") == false, "\(String(describing: error))")
                #expect(error?.description.contains("user") == false, "\(String(describing: error))")
            }
        }
        let cut = "Could not resolve: http://user:" + String(repeating: "s3cret", count: 50)
        for words in [
            "Unsupported proxy syntax in 'http://user:s3cret@localhost:x': Port number was not a decimal number",
            "Unsupported proxy 'ftp://user:s3cret", "Could not resolve proxy: user:s3cret@localhost",
            "No route to 'http://us er:a@s3cret/:@localhost'", String(cut.prefix(255)),
        ] {
            let left = Transfer.withoutCredentials(words)
            #expect(!left.contains("s3cret") && !left.contains("us er"), "\(left)")
        }
        #expect(Transfer.withoutCredentials("Connection refused") == "Connection refused")
    }

    @Test("trusts only certificates of a known authority that are valid and of the host it calls")
    func certificates() throws {
        let ports = server.ports
        let trusting = try HTTPClient(.patient.with { $0.caFile = ports.authority })
        #expect(try trusting.send(.get("https://localhost:\(ports.good)/ok")).status == .ok)
        for (what, port) in [
            ("another host's", ports.wrong), ("expired", ports.expired), ("self-signed", ports.`self`),
        ] {
            let error = failure { try trusting.send(.get("https://localhost:\(port)/ok")) }
            #expect(error?.reason.kind == "tls", "\(what): \(String(describing: error))")
        }
        let old = failure { try trusting.send(.get("https://localhost:\(ports.old)/ok")) }
        #expect(["tls", "reset"].contains(old?.reason.kind), "\(String(describing: old))")
        // The authority is known to nobody else.
        let others = failure { try HTTPClient(.patient).send(.get("https://localhost:\(ports.good)/ok")) }
        #expect(others?.reason.kind == "tls", "\(String(describing: others))")
        let silent = failure { try HTTPClient(.hurried).send(.get("https://localhost:\(ports.silent)/ok")) }
        #expect(silent?.reason.kind == "timedOut(connection)", "\(String(describing: silent))")
    }

    @Test("of ten thousand leaves no descriptor and no memory behind")
    func noLeak() async throws {
        // In a process of its own, in which nobody else opens anything.
        await #expect(processExitsWith: .success) {
            let server = try HostileServer.shared.get()
            let client = try HTTPClient(
                .patient.with {
                    $0.breaker.failureShare = 2
                    $0.maxHeadSize = 4096
                }
            )
            let faults = ["/close", "/reset", "/short", "/huge-length", "/endless-head", "/garbage", "/bad-gzip"]
            func call(_ count: Int) {
                for number in 0..<count {
                    // Most succeed; each fault comes a hundred times in ten thousand.
                    let path = number % 14 == 0 ? faults[number / 14 % faults.count] : "/kilobyte"
                    let error = failure { try client.send(.get(server.url(path))) }
                    #expect((error == nil) == (path == "/kilobyte"), "\(path): \(String(describing: error))")
                }
            }
            call(2000)
            let before = Resources.now
            call(10_000)
            let after = Resources.now
            #expect(after.descriptors <= before.descriptors, "\(before) then \(after)")
            #expect(after.kilobytes < before.kilobytes + 2048, "\(before) then \(after)")
        }
    }
}

/// What this process has.
struct Resources: CustomStringConvertible {
    var descriptors: Int
    var kilobytes: Int

    static var now: Resources {
        let statistics = SystemFile.read("/proc/self/statm") ?? ""
        let pages = statistics.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Resources(descriptors: ProcessTree.names(in: "/proc/self/fd").count, kilobytes: pages * 4)
    }

    var description: String { "\(descriptors) descriptors and \(kilobytes) KB" }
}
