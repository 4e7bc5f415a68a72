/// How long to wait before a job is tried again: a second after the first attempt, twice as long after each further one, an hour
/// at most; by up to a quarter more or less, so that jobs which failed together do not come back together.
enum RetryDelay {
    private static let first = Duration.seconds(1)
    private static let longest = Duration.seconds(3_600)

    /// After a failure that may have said itself how long to wait: that is the least. A short wait must not use up all attempts
    /// within seconds.
    /// - Returns: `nil` when it is not tried again.
    static func after(
        _ failure: any Error,
        attempt: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        let usual = after(attempt: attempt, using: &generator)
        return switch failure as? JobFailure {
        case .final: nil
        case .retry(let delay, _): max(delay, usual)
        case nil: usual
        }
    }

    static func after(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        // After 12 doublings it is longer than an hour.
        let doubled = first * (1 << min(max(attempt, 1) - 1, 12))
        return min(doubled, longest) * Double.random(in: 0.75...1.25, using: &generator)
    }
}
