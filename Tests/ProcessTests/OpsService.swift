import Testing

@testable import ProcessHarness

/// A service with its ops process, and the port that this listens on.
struct OpsService {
    let service: Service
    private let ops: OpsPort

    init(workers: Int = 2, _ environment: [String: String] = [:]) throws {
        service = try Service(workers: workers, environment: OpsPort.environment.merging(environment) { $1 })
        ops = try OpsPort(in: service.log)
    }

    var port: UInt16 { ops.port }

    func answer(_ request: Request) throws -> Answer { try ops.answer(request) }

    func scrape() throws -> Exposition { try ops.scrape() }

    /// A stream of events that has begun.
    /// - Parameter version: In 1.1 it comes in chunks, which are not put together again.
    func watch(
        _ fields: [(String, String)] = [],
        version: String = "1.0",
        receiveBuffer: CInt? = nil
    ) throws -> Connection {
        let connection = try Connection(to: port, receiveBuffer: receiveBuffer)
        let lines = (fields + [("Host", "localhost")]).map { "\($0.0): \($0.1)\r\n" }
        connection.send("GET /events HTTP/\(version)\r\n" + lines.joined() + "\r\n")
        guard let head = connection.receive(through: "\r\n\r\n"), head.hasPrefix("HTTP/1.1 200") else {
            throw Spawned.Failure(description: "no stream of events")
        }
        return connection
    }
}

extension Connection {
    /// The data of the next event of a kind, and its id.
    func event(_ kind: String) throws -> (data: JSON, id: String?) {
        let deadline = Deadline.generous
        while true {
            guard !deadline.isOver, let text = receive(through: "\n\n", by: deadline) else {
                throw Spawned.Failure(description: "the stream ended, or too much time passed, before an event \(kind)")
            }
            let lines = text.split(whereSeparator: \.isNewline).map(String.init)
            guard lines.contains("event: \(kind)"), let data = lines.first(where: { $0.hasPrefix("data: ") }) else {
                continue
            }
            let id = lines.first { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
            return (try JSON(Array(data.dropFirst(6).utf8)), id)
        }
    }
}
