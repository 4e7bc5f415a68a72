import HTTPTypes

/// Finds who answers a request, and has it answered: nothing here throws.
struct Dispatcher: Sendable {
    let routes: RouteTable

    /// Finds the route. The head must be complete.
    func route(_ record: RequestRecord) {
        if record.head.isAsterisk {
            record.verdict = routes.serverOptions
        } else {
            var match = PathMatch()
            record.verdict = record.withPath { path in routes.match(path, record.head.method, into: &match) }
            record.match = match
        }
        record.routeIndex = if case .route(let index) = record.verdict { index } else { -1 }
    }

    /// Whether the route's body may be read: there is one, and the head is admitted. The refusal becomes the answer.
    func admits(_ record: RequestRecord) -> Bool {
        guard record.routeIndex >= 0 else { return false }
        judge(record)
        if case .refused = record.admission { return false }
        return true
    }

    /// Asks for admission, once for each request.
    func judge(_ record: RequestRecord) {
        guard case .open = record.admission else { return }
        var request = Request(record: record)
        do {
            for admit in routes.route(record.routeIndex).admission { try admit(&request) }
            record.admission = .granted
        } catch {
            record.admission = .refused(error)
        }
        // Also of one that is refused: the log says who asked.
        if request.record !== record { record.contextValues = request.record.contextValues }
    }

    /// The answer, whatever happens. What is not the client's fault is kept in ``RequestRecord/error``.
    func answer(_ record: RequestRecord) -> Response {
        if routes.hasAdmission(record.routeIndex) { judge(record) }
        if routes.isWrapped, let wrapped = routes.wrapped(of: record.routeIndex) {
            return wrapped(Request(record: record))
        }
        do {
            return try respond(to: Request(record: record)).checked()
        } catch {
            return Self.response(to: record, for: error)
        }
    }

    /// The answer to a request that the server refuses, such as for its size. The service's middleware sees it when the
    /// head could be understood.
    func refusal(of record: RequestRecord, _ problem: Problem) -> Response {
        if record.head.isComplete, let wrapped = routes.wrapped(of: record.routeIndex) {
            record.admission = .refused(problem)
            return wrapped(Request(record: record))
        }
        return record.response(for: problem)
    }

    /// The answer to a request whose handler has answered, when that turned out to be wrong: what it wrote was not kept. The
    /// service's middleware sees both.
    func failure(of record: RequestRecord, _ error: any Error) -> Response {
        guard let wrapped = routes.wrapped(of: record.routeIndex) else { return Self.response(to: record, for: error) }
        record.admission = .refused(error)
        return wrapped(Request(record: record))
    }

    /// The innermost of a service's middleware: the handler of the route, or what stands in for it.
    static func respond(to request: Request) -> Response {
        let record = request.record
        // A middleware may ask twice, and fail only once.
        if record.known.error != nil { record.known.error = nil }
        return response(to: request, from: Dispatcher(routes: record.context.routes).respond)
    }

    private func respond(to request: Request) throws -> Response {
        let record = request.record
        if case .refused(let error) = record.admission { throw error }
        switch record.verdict {
        case .route(let index):
            return try routes.route(index).handler(request)
        case .options(let allowed):
            return Response(status: .noContent, headerFields: [.allow: allowed.fieldValue])
        case .methodNotAllowed(let allowed):
            let problem = Problem(
                .methodNotAllowed,
                detail: "This resource answers \(allowed.fieldValue).",
                headerFields: [.allow: allowed.fieldValue]
            )
            return record.response(for: problem)
        case .notFound:
            return record.response(for: Problem(.notFound, detail: "There is no resource at this path."))
        }
    }

    /// What a handler answers, or the response for what it throws.
    static func response(to request: Request, from handler: Handler) -> Response {
        do {
            return try handler(request).checked()
        } catch {
            return response(to: request.record, for: error)
        }
    }

    /// A ``Problem`` as it stands; for any other error what may be said of it, and the observer gets the error itself.
    private static func response(to record: RequestRecord, for error: any Error) -> Response {
        if let problem = error as? Problem, problem.status.isFinal { return record.response(for: problem) }
        record.known.error = error
        let problem = (error as? any ProblemConvertible)?.problem
        guard let problem, problem.status.isFinal else { return record.response(for: Problem(.internalServerError)) }
        return record.response(for: problem)
    }
}

extension RequestRecord {
    fileprivate func response(for problem: Problem) -> Response {
        withID { id in problem.response(requestID: String(copying: id)) }
    }
}

extension Response {
    fileprivate consuming func checked() throws -> Response {
        guard status.isFinal else { throw InvalidStatus(code: status.code) }
        return self
    }
}

extension HTTPResponse.Status {
    /// Whether it may end an exchange (RFC 9110 section 15).
    fileprivate var isFinal: Bool { (200...599).contains(code) }
}

/// A handler answered with a status that is no final one (RFC 9110 section 15).
struct InvalidStatus: Error, CustomStringConvertible {
    let code: Int
    var description: String { "the handler answered with status \(code); final ones are 200 to 599" }
}
