import HTTPTypes

/// Finds who answers a request, and has it answered.
final class Dispatcher: Sendable {
    let routes: [Route]
    private let trie: RouteTrie
    private let endpoints: [Endpoint]

    /// A handler in a struct of its own: an array of functions would hold each behind a conversion.
    private struct Endpoint: Sendable {
        let admission: [Admission]
        let handler: Handler
    }

    init(_ router: Router) {
        routes = router.routes
        trie = RouteTrie(router.routes)
        endpoints = router.routes.map { Endpoint(admission: $0.admission, handler: $0.handler) }
    }

    /// Finds the route. The head must be complete.
    func route(_ record: RequestRecord) {
        if record.head.isAsterisk {
            record.verdict = trie.serverOptions
        } else {
            var match = PathMatch()
            record.verdict = record.withPath { path in trie.match(path, record.head.method, into: &match) }
            record.match = match
        }
        record.routeIndex = if case .route(let index) = record.verdict { index } else { -1 }
    }

    /// Whether the route's body may be read: there is one, and the head is admitted. The refusal becomes the answer.
    func admits(_ record: RequestRecord) -> Bool {
        guard record.routeIndex >= 0 else { return false }
        do {
            try admit(record, endpoints[record.routeIndex].admission)
            return true
        } catch {
            record.admission = .refused(error)
            return false
        }
    }

    /// Each request is judged once.
    private func admit(_ record: RequestRecord, _ admission: [Admission]) throws {
        switch record.admission {
        case .granted: break
        case .refused(let error): throw error
        case .open:
            for admit in admission { try admit(Request(record: record)) }
            record.admission = .granted
        }
    }

    /// The answer, whatever happens. What is not the client's fault is kept in ``RequestRecord/error``.
    func answer(_ record: RequestRecord) -> Response {
        do {
            let response = try respond(record)
            guard (200...599).contains(response.status.code) else { throw InvalidStatus(code: response.status.code) }
            return response
        } catch let problem as Problem where (200...599).contains(problem.status.code) {
            return problem.response(requestID: Request(record: record).id)
        } catch {
            record.error = error
            let problem = (error as? any ProblemConvertible)?.problem ?? Problem(.internalServerError)
            return problem.response(requestID: Request(record: record).id)
        }
    }

    private func respond(_ record: RequestRecord) throws -> Response {
        switch record.verdict {
        case .route(let index):
            if !endpoints[index].admission.isEmpty { try admit(record, endpoints[index].admission) }
            return try endpoints[index].handler(Request(record: record))
        case .options(let allowed):
            return Response(status: .noContent, headerFields: [.allow: allowed.fieldValue])
        case .methodNotAllowed(let allowed):
            throw Problem(
                .methodNotAllowed,
                detail: "This resource answers \(allowed.fieldValue).",
                headerFields: [.allow: allowed.fieldValue]
            )
        case .notFound:
            throw Problem(.notFound, detail: "There is no resource at this path.")
        }
    }
}

/// A handler answered with a status that is no final one (RFC 9110 section 15).
struct InvalidStatus: Error, CustomStringConvertible {
    let code: Int
    var description: String { "the handler answered with status \(code); final ones are 200 to 599" }
}
