public import HTTPServer
import HTTPTypes
public import Values

extension Request {
    /// Which versions a change may start from: what If-Match names.
    ///
    /// ```swift
    /// let expected = try request.expectedVersion()
    /// guard expected.includes(order.version) else { throw Problem.stale(version: order.version) }
    /// ```
    /// The version is compared where it is changed, in one transaction.
    /// - Throws: 428 when there is no If-Match, 400 when it is malformed.
    public func expectedVersion() throws(Problem) -> ExpectedVersion {
        guard let condition = value(of: .ifMatch) else { throw ProblemKind.ifMatchRequired.problem() }
        guard let tags = EntityTagList(condition) else {
            throw Problem(.badRequest, detail: "If-Match must be * or entity tags such as \"1\".")
        }
        return tags.strongVersions
    }

    /// The answer to a reader of a resource at a version, with its `ETag`: what `make` makes, or 304 when the reader has it by its
    /// If-None-Match (RFC 9110 section 13.1.2). A malformed If-None-Match is ignored.
    ///
    /// ```swift
    /// return try request.unlessCurrent(version: order.version) { try .json(order) }
    /// ```
    public func unlessCurrent(version: Int, _ make: () throws -> Response) rethrows -> Response {
        let condition = value(of: .ifNoneMatch).flatMap { EntityTagList($0) }
        let isCurrent = condition?.weakVersions.includes(version) == true
        return isCurrent ? Response.status(.notModified).tagged(version: version) : try make().tagged(version: version)
    }
}

extension Response {
    /// This response with the `ETag` of a version.
    public func tagged(version: Int) -> Response {
        var response = self
        response.headerFields[.eTag] = EntityTag(version: version).description
        return response
    }
}

extension Problem {
    /// 412: the change started from another version than the newest, whose `ETag` is told.
    public static func stale(version: Int) -> Problem {
        var problem = ProblemKind.stale.problem()
        problem.headerFields[.eTag] = EntityTag(version: version).description
        return problem
    }
}
