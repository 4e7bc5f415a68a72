import HTTPServer
import HTTPTypes
import Testing
import Values

extension Request {
    /// A POST of JSON.
    static func json(_ body: String) throws(Problem) -> Request {
        try Request(.post, "/", headerFields: [.contentType: "application/json"], body: Array(body.utf8))
    }
}

extension Response {
    /// The content as text.
    var text: String {
        switch body {
        case .empty: ""
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .string(let text): text
        case .static(let text): text.description
        case .stream: ""
        }
    }
}

/// What a body is refused with, each error as a sentence; empty when it is taken.
func faults(_ body: () throws -> Void) -> [String] {
    do {
        try body()
        return []
    } catch let invalid as InvalidInput {
        return invalid.errors.map(\.description)
    } catch {
        Issue.record("\(error) was thrown")
        return []
    }
}
