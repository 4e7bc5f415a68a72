import HTTPTypes
import Linux

/// Which attempts are followed by another, and when.
///
/// Only what may be done twice is sent again (RFC 9110 section 9.2.2): by its method, or because of its idempotency key. And
/// only when there was no answer, or one that says "not now": 429, 502, 503, 504.
public struct RetryPolicy: Sendable, Hashable {
    /// How many attempts a call has at most; 1 for no retries.
    public var maxAttempts = 3
    /// The longest pause before the second attempt; it doubles with each.
    public var base: Duration = .milliseconds(50)
    /// The longest pause that is chosen without being asked for.
    public var cap: Duration = .seconds(1)
    /// How many of the calls to a host, of all workers in ten seconds, may be retries.
    public var budget = 0.2

    /// How many retries in ten seconds there may be in any case: a fifth of a few calls would be none.
    static let allowance = 3

    /// The defaults.
    public init() {}

    /// Full jitter: any pause up to the longest, so that those who failed together do not come back together.
    func pause<Generator: RandomNumberGenerator>(
        afterAttempt attempt: Int,
        retryAfter: Duration?,
        using generator: inout Generator
    ) -> Duration {
        let longest = min(cap.nanoseconds, base.nanoseconds << Int64(min(max(attempt - 1, 0), 20)))
        let jitter = Duration.nanoseconds(Int64.random(in: 0...max(0, longest), using: &generator))
        return (retryAfter ?? .zero) + jitter
    }

    func allows(retries: Int, of calls: Int) -> Bool {
        retries < max(Self.allowance, Int(Double(calls) * budget))
    }

    static func isTransient(_ status: HTTPResponse.Status) -> Bool {
        [429, 502, 503, 504].contains(status.code)
    }
}

extension HTTPClientError.Reason {
    /// Whether another attempt may fare better: nothing is wrong with the request, the answer or the trust.
    var isTransient: Bool {
        switch self {
        case .cannotConnect, .timedOut, .reset: true
        default: false
        }
    }
}
