import HTTPServer
import HTTPTypes

/// One limit, as a worker keeps it.
struct RateLimiter: Sendable {
    /// As the header fields call it: `key` or `address`.
    let name: String
    let table: RateLimitTable
    let slot: Int

    /// Counts a request, and leaves in it what is left for who sent it.
    /// - Throws: 429 when that is too much.
    func admit(_ request: inout Request, _ key: RateLimitKey) throws {
        let reading = table.admit(key, slot: slot)
        request[RateLimitReadings.self] = (request[RateLimitReadings.self] ?? RateLimitReadings()).adding(reading, name)
        guard reading.isRefused else { return }
        var problem = ProblemKind.rateLimited.problem("The limit is \(reading.limit) for each \(name).")
        problem.headerFields[.retryAfter] = "\(reading.seconds)"
        throw problem
    }

    /// The item of `RateLimit-Policy`.
    var policy: String { "\"\(name)\";q=\(table.limit.count);w=\(table.limit.seconds)" }
}
