import CoreMetrics
import Glibc
import HTTPClient
import HTTPServer
import HTTPTypes
import Linux
import Logging
import Panal
import SQL
import Telemetry
import Values

/// The service that the tests of engine and supervisor run: it keeps names, waits and computes.
@main
struct FixtureService: Service {
    static let info = ServiceInfo(name: "fixture", summary: "For tests.", revision: "0", date: "2026-01-01T00:00:00Z")
    static let migrations: [Migration]? = [
        Migration(number: 1, name: "create_note", sql: "CREATE TABLE note (name TEXT PRIMARY KEY NOT NULL) STRICT")
    ]

    struct Settings: SettingsGroup {
        @Setting("BASE_URL", default: "http://127.0.0.1:9", "The service that /call calls.", .text)
        var baseURL: String
    }

    struct Note: Codable {
        let name: Text<80>
    }

    static func addRoutes(to router: inout Router, _ dependencies: Dependencies<Settings>) {
        router.get("/notes") { request in
            try .json(dependencies.database(for: request).all("SELECT name FROM note LIMIT 10", as: Note.self))
        }
        router.get("/notes/{name}") { request in
            let (database, name) = (dependencies.database(for: request), request.parameters["name"] ?? "")
            let sql = "SELECT name FROM note WHERE name = :name"
            guard let note = try database.first(sql, ["name": name], as: Note.self) else { throw Problem(.notFound) }
            return try .json(note)
        }
        router.post("/notes", maxBodySize: 65_536) { request in
            let note = try request.json(as: Note.self)
            let sql = "INSERT INTO note (name) VALUES (:name) ON CONFLICT DO NOTHING"
            guard try dependencies.database(for: request).run(sql, Parameters(of: note)) == 1 else {
                throw Problem(.conflict)
            }
            var response = try Response.json(note, status: .created)
            response.headerFields[.location] = "/notes/\(note.name)"
            return response
        }
        router.get("/bytes/{count}") { .text(String(repeating: "x", count: number("count", of: $0))) }
        router.get("/stream/{count}") { request in
            let count = number("count", of: request)
            return .stream(.bytes) { body in
                let piece = [UInt8](repeating: 120, count: 10_000)
                for _ in 0..<count / piece.count { try body.write(piece) }
                try body.write([UInt8](piece.prefix(count % piece.count)))
            }
        }
        router.post("/upload", body: .streamed) { request in
            var count = 0
            let body = request.bodyReader
            while let piece = try body.next() { count += piece.count }
            return .text("\(count)")
        }
        router.post("/echo") { .json($0.body) }
        router.get("/sleep/{milliseconds}") { request in
            usleep(UInt32(number("milliseconds", of: request)) * 1000)
            return .noContent
        }
        // Asks another service of this host, which answers when it wants to: by the end of the connection.
        router.get("/ask/{port}/{question}") { try ask($0) }
        // Reads before that: its thread has a connection to the database.
        router.get("/read-and-ask/{port}/{question}") { request in
            _ = try dependencies.database(for: request).all("SELECT name FROM note LIMIT 10", as: Note.self)
            return try ask(request)
        }
        // Counts by what the client says.
        router.get("/count/{what}") { request in
            Counter(label: "fixture.count", dimensions: [("what", request.parameters["what"] ?? "")]).increment()
            return .noContent
        }
        // Asks another service, over HTTP, and passes its answer on.
        router.get("/call") { request in
            let url = dependencies.settings.baseURL + "/livez"
            return .text(try dependencies.client(for: request).send(.get(url)).successful().text)
        }
        // Reads, calls and logs as a part of its own: by the service's logger, and by one that a library may have made.
        router.get("/parts") { request in
            let database = dependencies.database(for: request)
            return try withSpan("a part") { span in
                span?.set("fixture.part", 1)
                _ = try database.all("SELECT name FROM note LIMIT 10", as: Note.self)
                dependencies.logger.info("inside a part")
                Logger(label: "library").info("inside a library")
                return .noContent
            }
        }
        // More statements than a trace has room for.
        router.get("/reads/{count}") { request in
            let database = dependencies.database(for: request)
            for _ in 0..<number("count", of: request) { _ = try database.all("SELECT name FROM note", as: Note.self) }
            return .noContent
        }
        router.get("/log/{text}") { request in
            dependencies.logger.warning("told to log", metadata: ["text": .string(request.parameters["text"] ?? "")])
            return .noContent
        }
        // Something asynchronous.
        router.get("/async/{milliseconds}", timeout: .seconds(5)) { request in
            let time = Duration.milliseconds(number("milliseconds", of: request))
            let sum = try request.wait {
                async let one = 1
                async let two = 2
                try await Task.sleep(for: time)
                return await one + two
            }
            return .text("\(sum)")
        }
        router.get("/async-refusal") { request in
            try request.wait { throw Problem(.conflict, detail: "Taken.") }
            return .noContent
        }
        // As above, and says so: the route beforehand, the handler when it comes to it.
        router.get("/blocking-route/{milliseconds}", execution: .blocking) { request in
            usleep(UInt32(number("milliseconds", of: request)) * 1000)
            return .noContent
        }
        router.get("/blocking/{milliseconds}") { request in
            blocking { _ = usleep(UInt32(number("milliseconds", of: request)) * 1000) }
            return .noContent
        }
        router.get("/spin/{milliseconds}") { request in
            let end = ContinuousClock.now + .milliseconds(number("milliseconds", of: request))
            while .now < end {}
            return .noContent
        }
    }

    private static func ask(_ request: Request) throws -> Response {
        let socket = try FileDescriptor.streamSocket(family: AF_INET, isNonBlocking: false)
        let port = UInt16(number("port", of: request))
        try SocketAddress.resolve(host: "127.0.0.1", port: port).connect(socket.rawValue)
        let question = Array("\(request.parameters["question"] ?? "")\n".utf8)
        var answer: UInt8 = 0
        guard write(socket.rawValue, question, question.count) == question.count,
            read(socket.rawValue, &answer, 1) == 0
        else { throw Problem(.badGateway) }
        return .noContent
    }

    private static func number(_ name: String, of request: Request) -> Int {
        request.parameters[name].flatMap { Int($0) } ?? 0
    }
}
