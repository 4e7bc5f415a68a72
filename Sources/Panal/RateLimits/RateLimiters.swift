import HTTPServer
import HTTPTypes

/// The limits that are set.
struct RateLimiters: Sendable {
    var key: RateLimiter?
    var address: RateLimiter?

    /// What tells clients of them; `nil` when there are none.
    var fields: Middleware? {
        let policies = [address, key].compactMap { $0?.policy }
        guard !policies.isEmpty else { return nil }
        let policy = policies.joined(separator: ", ")
        return { next in
            { request in
                var response = try next(request)
                guard let readings = request[RateLimitReadings.self] else { return response }
                response.headerFields[.rateLimitPolicy] = policy
                response.headerFields[.rateLimit] = readings.text
                return response
            }
        }
    }

    /// Those of a process that shares them with nobody: for admin tasks and tests.
    static func alone(_ settings: ServerSettings) -> RateLimiters {
        do {
            return try RateLimitTables(settings, slots: 1).limiters(slot: 0)
        } catch {
            preconditionFailure("there is no memory for rate limits: \(error)")
        }
    }
}

extension HTTPField.Name {
    fileprivate static let rateLimit = known("RateLimit")
    fileprivate static let rateLimitPolicy = known("RateLimit-Policy")
}
