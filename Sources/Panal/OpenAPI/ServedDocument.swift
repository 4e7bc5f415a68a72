import HTTPServer
import HTTPTypes
import Synchronization

/// The OpenAPI document that is served: written when it is asked for first, then kept.
final class ServedDocument: Sendable {
    private enum State {
        case unknown
        case known(OpenAPIDocument)
        case written([UInt8])
    }

    private let state = Mutex(State.unknown)

    /// Says what the service answers, once all routes are there.
    func describe(_ info: ServiceInfo, _ routes: [Route]) {
        let document = OpenAPIDocument(info, routes)
        state.withLock { $0 = .known(document) }
    }

    /// The document.
    var bytes: [UInt8] {
        state.withLock { state in
            switch state {
            case .unknown: return []
            case .written(let bytes): return bytes
            case .known(let document):
                let bytes = document.json.compact()
                state = .written(bytes)
                return bytes
            }
        }
    }
}

extension Router {
    /// `GET /openapi.json`, for programs, and `GET /docs`, for people.
    mutating func addDocumentation(_ document: ServedDocument) {
        let contract = Operation(
            "What the service takes and answers, as OpenAPI 3.1",
            group: "service",
            answers: [.content(.json)]
        )
        get("/openapi.json", contract) { _ in
            var response = Response.json(document.bytes)
            response.headerFields[.cacheControl] = "no-cache"
            return response
        }
        let page = EmbeddedPage.docs
        get("/docs", Operation("The same as a page", group: "service", answer: .content(.html))) { _ in page.response }
    }
}
