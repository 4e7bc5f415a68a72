import Glibc
public import HTTPServer
public import HTTPTypes
public import Panal
import Telemetry
public import Values

/// A service's routes on a database of their own: what its tests ask, without processes and sockets.
///
/// ```swift
/// let service = try TestService(Shop.self)
/// let answer = try service.post("/v1/items", json: #"{"name":"Tea"}"#)
/// #expect(answer.status == .created)
/// ```
///
/// The database has been through all migrations, and is gone with this object.
public final class TestService<S: Service>: Sendable {
    /// What the service answers.
    public let router: Router

    /// Where the database lies, for a test that looks into it.
    public let databasePath: String

    private let directory: String

    /// The service with these variables as its environment.
    /// - Parameters:
    ///   - service: The service's type.
    ///   - environment: Variables by name.
    ///   - now: The moment that its rules take for the present; the clock's when nil.
    public init(
        _ service: S.Type,
        environment: [String: String] = [:],
        now: (@Sendable () -> Timestamp)? = nil
    ) throws {
        var template = Array("/tmp/test-service-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestServiceFailure(description: "no temporary directory") }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        databasePath = directory + "/test.sqlite"
        router = try S.testRouter(
            ["DATABASE_URL": "sqlite:" + databasePath].merging(environment) { $1 },
            now: now ?? { .now() }
        )
    }

    deinit {
        for name in ["", "-wal", "-shm"] { unlink(databasePath + name) }
        rmdir(directory)
    }

    /// Routes of which nothing was declared (`Operation`), each as method and path: the OpenAPI document does not say what they
    /// take and answer.
    public var undeclaredRoutes: [String] {
        router.routes.filter { $0.operation == nil }.map { "\($0.method.rawValue) \($0.pattern)" }
    }

    /// Sends one request through middleware, admission and routes.
    /// - Parameters:
    ///   - method: The method.
    ///   - target: The path, with a query if there is one.
    ///   - fields: Further header fields.
    ///   - json: The body, sent as `application/json`.
    public func ask(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ fields: HTTPFields = [:],
        json: String? = nil
    ) throws -> Response {
        var fields = fields
        if json != nil { fields[.contentType] = "application/json" }
        return router.respond(to: try Request(method, target, headerFields: fields, body: Array((json ?? "").utf8)))
    }

    /// Asks with GET.
    public func get(_ target: String, _ fields: HTTPFields = [:]) throws -> Response { try ask(.get, target, fields) }

    /// Asks with POST.
    public func post(_ target: String, _ fields: HTTPFields = [:], json: String) throws -> Response {
        try ask(.post, target, fields, json: json)
    }

    /// Asks with PUT.
    public func put(_ target: String, _ fields: HTTPFields = [:], json: String) throws -> Response {
        try ask(.put, target, fields, json: json)
    }

    /// Asks with DELETE.
    public func delete(_ target: String, _ fields: HTTPFields = [:]) throws -> Response {
        try ask(.delete, target, fields)
    }
}

/// What kept a service from being tested.
struct TestServiceFailure: Error, CustomStringConvertible {
    let description: String
}

extension Response {
    /// The body as text.
    public var text: String {
        switch body {
        case .empty: ""
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .string(let text): text
        case .static(let text): text.description
        case .stream: (try? body.collect()).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
    }
}
