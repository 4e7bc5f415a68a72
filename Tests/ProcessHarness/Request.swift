/// A request as the test writes it on the wire.
struct Request: Sendable {
    var method = "GET"
    var target: String
    var fields: [(String, String)] = []
    var body: [UInt8]?

    static func get(_ target: String, _ fields: [(String, String)] = []) -> Request {
        Request(target: target, fields: fields)
    }

    static func post(_ target: String, json: String, _ fields: [(String, String)] = []) -> Request {
        Request(
            method: "POST",
            target: target,
            fields: [("Content-Type", "application/json")] + fields,
            body: Array(json.utf8)
        )
    }

    var bytes: [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\n"
        if !fields.contains(where: { $0.0.lowercased() == "host" }) { head += "Host: localhost\r\n" }
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }
}
