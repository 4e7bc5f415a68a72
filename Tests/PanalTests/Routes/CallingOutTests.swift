import HTTPClient
import HTTPServer
import HTTPTypes
import Linux
import Logging
import Synchronization
import Testing

@testable import Panal

@Suite("A handler that calls another service", .serialized)
struct CallingOutTests {
    /// A service whose one route fails as it is told, or hands its client over.
    private struct Caller: Service {
        static let info = ServiceInfo(name: "caller", summary: "Calls.", revision: "abc", date: "2026-01-01T00:00:00Z")
        static let reasons: [(HTTPClientError.Reason, Int)] = [
            (.timedOut(.firstByte, after: .seconds(1)), 504), (.timedOut(.start, after: .zero), 504),
            (.circuitOpen(retryAfter: .milliseconds(4100)), 503), (.cannotConnect("secret"), 502),
            (.tls("secret"), 502),
            (.reset("secret"), 502), (.malformed("secret"), 502), (.tooLarge(.body, limit: 1), 502),
            (.redirect("secret"), 502), (.status(.internalServerError, "secret"), 502), (.undecodable("secret"), 502),
            (.refusedRequest("secret"), 500), (.cannotLoadLibrary("secret"), 500),
        ]
        static let client = Mutex<HTTPClient?>(nil)

        static func addRoutes(to router: inout Router, _ dependencies: Dependencies<NoSettings>) {
            router.get("/fail/{index}") { request in
                let index = request.parameters["index"].flatMap { Int($0) } ?? 0
                throw HTTPClientError(reasons[index].0, host: "http://secret.example:80")
            }
            router.get("/client") { request in
                let own = dependencies.client(for: request)
                client.withLock { $0 = own }
                return .text("")
            }
        }
    }

    private func router(_ variables: [String: String] = [:]) throws -> Router {
        Caller.router(
            Dependencies<NoSettings>(
                settings: try Caller.settings(variables),
                databases: nil,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    @Test("and does not catch its error answers 504, 503, 502 or 500, and tells nobody which service it was")
    func problems() throws {
        let router = try router()
        for (index, (reason, status)) in Caller.reasons.enumerated() {
            let response = router.respond(to: try Request(.get, "/fail/\(index)"))
            #expect(response.status.code == status, "\(reason)")
            #expect(response.headerFields[.retryAfter] == (status == 503 ? "5" : nil))
            guard case .bytes(let bytes) = response.body else { continue }
            #expect(!String(decoding: bytes, as: UTF8.self).contains("secret"), "\(reason)")
        }
    }

    @Test("has until the request's deadline, and passes on its id and its trace")
    func passesOn() throws {
        let router = try router()
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let requestID = try #require(HTTPField.Name("X-Request-ID"))
        let parent = try #require(HTTPField.Name("traceparent"))
        let state = try #require(HTTPField.Name("tracestate"))
        let fields: HTTPFields = [
            requestID: "id-1", parent: "00-\(trace)-b7ad6b7169203331-01", state: "a=1,b=2",
        ]
        let request = try Request(.get, "/client", headerFields: fields)
        _ = router.respond(to: request)
        let client = try #require(Caller.client.withLock { $0 })
        #expect(client.requestID == "id-1")
        #expect(client.trace?.traceID == trace)
        #expect(client.trace?.isSampled == true)
        #expect(client.trace?.state == "a=1,b=2")
        // Not the caller's span: what is called has this service's as its parent.
        #expect(client.trace?.spanID.map { $0.count == 16 && $0 != "b7ad6b7169203331" } == true)
        #expect(client.deadline?.nanoseconds == Int64(clamping: request.monotonicTimes.deadline))
    }

    @Test("has no trace where two say which it is")
    func twoTraces() throws {
        let router = try router()
        let parent = try #require(HTTPField.Name("traceparent"))
        var fields = HTTPFields()
        for digit in ["1", "2"] {
            let trace = String(repeating: digit, count: 32)
            fields.append(HTTPField(name: parent, value: "00-\(trace)-b7ad6b7169203331-01"))
        }
        _ = router.respond(to: try Request(.get, "/client", headerFields: fields))
        #expect(Caller.client.withLock { $0?.trace } == nil)
    }

    @Test("calls as the settings say, and a setting that says nothing is a fault")
    func settings() throws {
        let settings = try Caller.settings([
            "HTTP_CLIENT_TIMEOUT": "2s", "HTTP_CLIENT_RETRIES": "0", "HTTP_CLIENT_ALLOW": "169.254.1.1, fe80::/10",
            "HTTP_CLIENT_CA_FILE": "/etc/passwd",
        ])
        let configuration = HTTPClient.Configuration(settings.client, service: Caller.info)
        #expect(configuration.timeout == .seconds(2))
        #expect(configuration.retries.maxAttempts == 1)
        #expect(configuration.allowedAddresses.map(\.description) == ["169.254.1.1", "fe80::/10"])
        #expect(configuration.caFile == "/etc/passwd")
        #expect(configuration.userAgent == "caller/abc")
        #expect(try Caller.settings([:]).client.caFile == nil)
        for (key, value) in [
            ("HTTP_CLIENT_CA_FILE", "/no/such/file"), ("HTTP_CLIENT_CA_FILE", " "), ("HTTP_CLIENT_ALLOW", "everything"),
            ("HTTP_CLIENT_ALLOW", ","), ("HTTP_CLIENT_TIMEOUT", "0"), ("HTTP_CLIENT_MAX_RESPONSE_SIZE", "lots"),
            ("HTTP_CLIENT_RETRIES", "-1"),
        ] {
            #expect(throws: InvalidSettings.self, "\(key)=\(value)") { try Caller.settings([key: value]) }
        }
    }
}
