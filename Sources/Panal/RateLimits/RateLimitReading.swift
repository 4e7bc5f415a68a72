/// What became of one request under one limit.
struct RateLimitReading: Sendable, Equatable {
    let limit: RateLimit
    /// How many more would be admitted now.
    let remaining: Int
    /// Until the present window ends; of a request that is refused, until one would be admitted. One at least.
    let seconds: Int
    let isRefused: Bool
}
