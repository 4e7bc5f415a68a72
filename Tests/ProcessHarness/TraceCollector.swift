import Glibc

/// A collector of traces, which decodes what it gets with OpenTelemetry's own messages; it ends with this object.
final class TraceCollector {
    /// How it takes what comes.
    enum Mode: String {
        /// As it should.
        case ok
        /// 503.
        case away
        /// 429, and not before a second has passed.
        case limited
        /// 400.
        case broken
        /// All but one.
        case partial
        /// It never answers.
        case silent
    }

    /// A span as it was decoded.
    struct Span {
        let service: String
        let trace: String
        let id: String
        let parent: String
        let state: String
        let name: String
        let kind: Int
        let start: Int64
        let end: Int64
        let hasFailed: Bool
        let attributes: JSON
        let resource: JSON
        let authorization: String

        init?(_ json: JSON) {
            func text(_ key: String) -> String { json[key]?.string ?? "" }
            guard let kind = json["kind"]?.int, let start = Int64(text("start")), let end = Int64(text("end")),
                let attributes = json["attributes"], let resource = json["resource"]
            else { return nil }
            (service, trace, id, parent) = (text("service"), text("trace"), text("id"), text("parent"))
            (state, name, self.kind, self.start, self.end) = (text("state"), text("name"), kind, start, end)
            hasFailed = json["status"]?.int == 2
            (self.attributes, self.resource, authorization) = (attributes, resource, text("authorization"))
        }

        subscript(key: String) -> String? { attributes[key]?.string }
    }

    /// What `SpanKind` of trace.proto has.
    static let (internalKind, server, client, consumer) = (1, 2, 3, 5)

    let port: UInt16
    private let program: PythonServer

    init() throws {
        program = try PythonServer(
            "Tests/ProcessHarness/otlp_collector.py",
            interpreter: Tool.opentelemetry.command
        )
        guard let port = UInt16(String(decoding: program.announcement, as: UTF8.self)) else {
            throw Spawned.Failure(description: "the collector names no port")
        }
        self.port = port
    }

    var endpoint: String { "http://127.0.0.1:\(port)" }

    private func ask(_ request: Request) throws -> Answer {
        switch try Connection(to: port).exchange(request) {
        case .answered(let answer): return answer
        case let other: throw Spawned.Failure(description: "the collector: \(other)")
        }
    }

    func set(_ mode: Mode) throws { _ = try ask(.post("/mode/\(mode.rawValue)", json: "")) }

    /// The spans that it has taken.
    func spans() throws -> [Span] { try ask(.get("/spans")).json?.array?.compactMap { Span($0) } ?? [] }

    /// What was wrong with what came.
    func faults() throws -> [String] { try ask(.get("/faults")).json?.array?.compactMap(\.string) ?? [] }

    /// How many requests came in a mode.
    func requests(_ mode: Mode) throws -> Int { try ask(.get("/requests")).json?[mode.rawValue]?.int ?? 0 }

    /// The fields of the requests to `/hook`.
    func hooks() throws -> [JSON] { try ask(.get("/hooks")).json?.array ?? [] }

    /// The first span for which this holds, once it is there.
    func wait(by deadline: Deadline = .generous, for isWanted: (Span) -> Bool) throws -> Span {
        var found: Span?
        _ = try eventually(by: deadline) {
            found = try spans().first(where: isWanted)
            if found == nil { usleep(50_000) }
            return found != nil
        }
        guard let found else {
            let all = try spans().map { "\($0.service) \($0.name) \($0.trace)" }
            throw Spawned.Failure(description: "no such span among \(all); faults: \(try faults())")
        }
        return found
    }
}
