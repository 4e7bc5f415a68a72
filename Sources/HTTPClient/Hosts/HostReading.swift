/// What became of the calls to one host, of all processes since the service started.
public struct HostReading: Sendable, Hashable {
    /// Scheme, host and port; ``HostTable/otherHosts`` for those that have no place of their own.
    public var host: String
    /// Requests that were sent or tried to be sent, retries and redirects among them.
    public var attempts = 0
    /// Those of them that followed a failed one.
    public var retries = 0
    /// Calls that were not made because the circuit was open.
    public var refusals = 0
    /// Attempts that failed, by kind; answers of 5xx and 429 among them.
    public var failures: [Failure: Int] = [:]
    /// The time of all attempts together.
    public var duration: Duration = .zero
    /// How many attempts took at most as long as the bound in ``bounds``, and longer than the one before; the last took longer
    /// than all bounds.
    public var buckets = [Int](repeating: 0, count: bounds.count + 1)
    /// Whether the host may be called.
    public var circuit = CircuitState.closed

    /// The bounds of the buckets: the ones that OpenTelemetry advises for `http.client.request.duration`.
    public static let bounds: [Duration] = [
        .milliseconds(5), .milliseconds(10), .milliseconds(25), .milliseconds(50), .milliseconds(75),
        .milliseconds(100),
        .milliseconds(250), .milliseconds(500), .milliseconds(750), .seconds(1), .milliseconds(2500), .seconds(5),
        .milliseconds(7500), .seconds(10),
    ]

    /// How an attempt can fail.
    public enum Failure: String, Sendable, Hashable, CaseIterable {
        /// No connection.
        case connection
        /// No trust.
        case tls
        /// No time.
        case timeout
        /// The connection ended before the answer did.
        case reset
        /// An answer that is none, is too large, or leads elsewhere.
        case malformed
        /// An address that is not called.
        case refusedAddress = "refused address"
        /// The answer was 5xx.
        case serverError = "server error"
        /// The answer was 429.
        case tooManyRequests = "too many requests"
    }
}
