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
        judge(record, routes[record.routeIndex].admission)
        if case .refused = record.admission { return false }
        return true
    }

    /// Asks for admission, once for each request.
    private func judge(_ record: RequestRecord, _ admission: [Admission]) {
        guard case .open = record.admission else { return }
        do {
            var request = Request(record: record)
            for admit in admission { try admit(&request) }
            record.contextValues = request.contextValues
            record.admission = .granted
        } catch {
            record.admission = .refused(error)
        }
    }

    /// The answer, whatever happens. What is not the client's fault is kept in ``RequestRecord/error``.
    func answer(_ record: RequestRecord) -> Response {
        let index = record.routeIndex
        if index >= 0, !routes[index].admission.isEmpty { judge(record, routes[index].admission) }
        let request = Request(record: record)
        guard let wrapped = routes.wrapped(of: index) else { return Self.response(to: request, from: respond) }
        return wrapped(request)
    }

    /// The answer to a request that the server refuses, such as for its size. The service's middleware sees it when the
    /// head could be understood.
    func refusal(of record: RequestRecord, _ problem: Problem) -> Response {
        if record.head.isComplete, let wrapped = routes.wrapped(of: record.routeIndex) {
            record.admission = .refused(problem)
            return wrapped(Request(record: record))
        }
        return record.withID { id in problem.response(requestID: String(copying: id)) }
    }

    /// The innermost of a service's middleware: the handler of the route, or what stands in for it.
    static func respond(to request: Request) -> Response {
        // A middleware may ask twice, and fail only once.
        if request.record.error != nil { request.record.error = nil }
        return response(to: request, from: Dispatcher(routes: request.record.context.routes).respond)
    }

    private func respond(to request: Request) throws -> Response {
        let record = request.record
        if case .refused(let error) = record.admission { throw error }
        switch record.verdict {
        case .route(let index):
            return try routes[index].handler(request)
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

    /// What a handler answers, or the response for what it throws.
    @inline(__always)
    static func response(to request: Request, from handler: (Request) throws -> Response) -> Response {
        do {
            let response = try handler(request)
            guard response.status.isFinal else { throw InvalidStatus(code: response.status.code) }
            return response
        } catch {
            return response(to: request, for: error)
        }
    }

    private static func response(to request: Request, for error: any Error) -> Response {
        var problem = error as? Problem
        if problem?.status.isFinal != true {
            request.record.error = error
            problem = (error as? any ProblemConvertible)?.problem
        }
        guard let problem, problem.status.isFinal else {
            return Problem(.internalServerError).response(requestID: request.id)
        }
        return problem.response(requestID: request.id)
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
