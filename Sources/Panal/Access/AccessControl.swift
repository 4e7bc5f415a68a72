import HTTPServer
import HTTPTypes
import Values

/// Who may ask what: the admission of all of a service's own routes.
///
/// A route is closed unless it is declared open, so that nobody has to remember it: with keys set, it needs a key with the scope
/// that it names (``RouteAccess``), or `read` for safe methods and `write` for others.
struct AccessControl: Sendable {
    let keys: APIKeys
    let limiters: RateLimiters
    let now: @Sendable () -> Timestamp

    /// None where nobody is asked for anything: then no request pays for it.
    var admission: [Admission] {
        // By address first: who guesses keys is limited, too.
        var admission: [Admission] = []
        if let limiter = limiters.address {
            admission.append { request in try limiter.admit(&request, RateLimitKey(of: request.clientIP)) }
        }
        guard !keys.areNone else { return admission }
        let (keys, now) = (keys.entries, now)
        admission.append { request in
            guard let scope = request.requiredScope else { return }
            let caller = try keys.caller(of: request, at: now)
            request[Caller.self] = caller
            guard caller.scopes.contains(scope) else { throw Problem.insufficientScope(scope) }
        }
        if let limiter = limiters.key {
            admission.append { request in
                guard let caller = request[Caller.self] else { return }
                try limiter.admit(&request, RateLimitKey(of: caller))
            }
        }
        return admission
    }
}

extension [APIKey] {
    /// Who asks, by the key that a request carries as `Authorization: Bearer …` (RFC 6750 section 2.1; the scheme in capitals
    /// or not, and one or more spaces behind it, RFC 9110 section 11.4).
    /// - Throws: 401 when it carries none of these.
    fileprivate func caller(of request: Request, at now: () -> Timestamp) throws(Problem) -> Caller {
        guard let credentials = request.credentials, credentials.scheme == "bearer" else {
            throw unauthorized("Send an API key as Authorization: Bearer …", challenge: "Bearer")
        }
        let presented = SHA256.hash([UInt8](credentials.value.utf8))
        // Every key is compared, so that the time does not tell which one it is.
        guard let known = reduce(nil, { known, key in key.matches(presented) ? key : known }) else {
            throw unauthorized("The API key is not known.")
        }
        guard known.expires == nil || !known.hasExpired(at: now()) else {
            throw unauthorized("The API key has expired.")
        }
        return known.caller
    }
}

/// RFC 6750 section 3: the error only for who has sent something.
private func unauthorized(_ detail: String, challenge: String = "Bearer error=\"invalid_token\"") -> Problem {
    Problem(.unauthorized, detail: detail, headerFields: [.wwwAuthenticate: challenge])
}

extension Problem {
    /// 403: a caller who is known, and may not do this (RFC 6750 section 3.1).
    fileprivate static func insufficientScope(_ scope: Scope) -> Problem {
        let detail = "This needs the scope \(scope), which the caller does not have."
        var problem = ProblemKind.insufficientScope.problem(detail)
        problem.headerFields[.wwwAuthenticate] = "Bearer error=\"insufficient_scope\", scope=\"\(scope)\""
        return problem
    }
}
