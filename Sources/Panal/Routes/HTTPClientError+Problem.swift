public import HTTPClient
public import HTTPServer
import HTTPTypes
import Linux

extension HTTPClientError: ProblemConvertible {
    /// What a client may know: that another service is the reason, not which and why. That goes to the log.
    public var problem: Problem {
        switch reason {
        case .cannotLoadLibrary, .refusedRequest, .refusedAddress:
            // The service's own fault.
            return Problem(.internalServerError)
        case .timedOut:
            return ProblemKind.upstreamTimeout.problem()
        case .circuitOpen(let time):
            var problem = ProblemKind.upstreamUnavailable.problem()
            // Rounded up, so that who comes then does not come too early.
            problem.headerFields[.retryAfter] = String(max(1, (time.milliseconds + 999) / 1000))
            return problem
        case .cannotConnect, .tls, .reset, .tooLarge, .malformed, .redirect, .status, .undecodable:
            return ProblemKind.upstreamFailed.problem()
        }
    }
}

extension ProblemKind {
    /// 502: another service did not answer, or not as it should.
    public static let upstreamFailed = ProblemKind(
        "upstream-failed",
        .badGateway,
        "Another service failed",
        "A service that this one needs for the answer could not be reached, or did not answer as it should. Try again later."
    )

    /// 503: another service has failed so often that it is left alone for a while.
    public static let upstreamUnavailable = ProblemKind(
        "upstream-unavailable",
        .serviceUnavailable,
        "Another service is not available",
        "A service that this one needs for the answer fails now, and is left alone for a while. Try again then."
    )

    /// 504: another service did not answer in time.
    public static let upstreamTimeout = ProblemKind(
        "upstream-timeout",
        .gatewayTimeout,
        "Another service did not answer in time",
        "A service that this one needs for the answer took longer than the request could wait. Try again later."
    )
}
