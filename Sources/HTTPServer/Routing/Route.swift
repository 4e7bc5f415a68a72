public import HTTPTypes

/// One route of a ``Router``. An object, because every request looks at it several times.
public final class Route: Sendable {
    /// The method it answers.
    public var method: HTTPRequest.Method { requestMethod.value }
    /// The path pattern, such as `/v1/rooms/{id}`.
    public let pattern: String
    /// How long its handler may take; `nil` leaves it to the configuration.
    public let timeout: Duration?
    /// The largest body it takes, if that is less than the configuration's; `nil` leaves it to the configuration.
    public let maxBodySize: Int?

    /// Where its handler runs.
    public let execution: RouteExecution
    /// How its handler gets the body.
    public let body: RouteBody
    /// What its author says of it, for whoever writes its documentation; the server itself does not look at it.
    public let documentation: (any Sendable)?

    /// Who may ask it.
    public let access: RouteAccess
    /// The scope that a caller needs; `nil` for a route that is open to everybody.
    public let requiredScope: Scope?

    let requestMethod: RequestMethod
    let segments: [Segment]
    let admission: [Admission]
    let handler: Handler
    /// The middleware of the whole service that was used before this route, around its answer; `nil` without any.
    let wrapped: Answer?

    enum Segment: Sendable, Hashable {
        case literal(String)
        case parameter(String)
    }

    init(
        requestMethod: RequestMethod,
        segments: [Segment],
        pattern: String,
        timeout: Duration?,
        maxBodySize: Int?,
        execution: RouteExecution,
        body: RouteBody,
        documentation: (any Sendable)?,
        access: RouteAccess,
        admission: [Admission],
        handler: @escaping Handler,
        wrapped: Answer?
    ) {
        self.requestMethod = requestMethod
        self.segments = segments
        self.pattern = pattern
        self.timeout = timeout
        self.maxBodySize = maxBodySize
        self.execution = execution
        self.body = body
        self.documentation = documentation
        self.access = access
        requiredScope =
            switch access {
            case .byMethod: requestMethod.isSafe ? .read : .write
            case .scope(let scope): scope
            case .open: nil
            }
        self.admission = admission
        self.handler = handler
        self.wrapped = wrapped
    }

    /// The segments of a pattern. A pattern that could match nothing is a mistake in the program: it traps at start.
    static func segments(of pattern: String) -> [Segment] {
        precondition(pattern.hasPrefix("/"), "the route \"\(pattern)\" must begin with /")
        if pattern == "/" { return [] }
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { segment in
            guard segment.hasPrefix("{") else { return Segment.literal(String(segment)) }
            precondition(
                segment.count > 2 && segment.hasSuffix("}"),
                "the route \"\(pattern)\" has a segment that is neither literal nor {name}"
            )
            return Segment.parameter(String(segment.dropFirst().dropLast()))
        }
        precondition(!segments.contains(.literal("")), "the route \"\(pattern)\" has an empty segment")
        precondition(
            segments.count { if case .parameter = $0 { true } else { false } } <= PathMatch.capacity,
            "the route \"\(pattern)\" has more than \(PathMatch.capacity) parameters"
        )
        return segments
    }

    func matchesSamePaths(as other: Route) -> Bool {
        segments.count == other.segments.count
            && zip(segments, other.segments).allSatisfy { mine, theirs in
                switch (mine, theirs) {
                case (.literal(let mine), .literal(let theirs)): mine == theirs
                case (.parameter, .parameter): true
                default: false
                }
            }
    }

    /// The position of a parameter among the pattern's parameters.
    func parameterIndex(named name: String) -> Int? {
        var index = 0
        for case .parameter(let parameter) in segments {
            if parameter == name { return index }
            index += 1
        }
        return nil
    }
}
