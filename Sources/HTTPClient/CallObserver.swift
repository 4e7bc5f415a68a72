public import HTTPTypes

/// Sees the calls of a client: for traces. Its calls come on the thread that makes the call.
public protocol CallObserver: Sendable {
    /// A call begins.
    /// - Parameters:
    ///   - method: its method.
    ///   - host: where it goes, in lower case.
    ///   - port: the port there.
    ///   - isSecure: whether by `https`.
    /// - Returns: what sees the rest of this call; `nil` when nobody wants to.
    func callBegan(
        _ method: HTTPRequest.Method,
        host: String,
        port: Int,
        isSecure: Bool
    ) -> (any CallObservation)?
}

/// Sees one call to its end.
public protocol CallObservation: AnyObject {
    /// What the other side is told of the trace, in place of ``HTTPClient/trace``.
    var trace: HTTPClient.Trace? { get }

    /// The call is over. Called once.
    /// - Parameters:
    ///   - outcome: the status of the answer; of a streamed answer as soon as it has been read.
    ///   - attempts: how many times the request was sent or tried to be sent.
    func callEnded(_ outcome: Result<HTTPResponse.Status, HTTPClientError>, attempts: Int)
}

extension HTTPClientError.Reason {
    /// The kind of trouble in one word that stays the same from release to release: for traces and metrics.
    public var code: String {
        switch self {
        case .cannotLoadLibrary: "cannot_load_library"
        case .refusedRequest: "refused_request"
        case .refusedAddress: "refused_address"
        case .circuitOpen: "circuit_open"
        case .cannotConnect: "cannot_connect"
        case .tls: "tls"
        case .timedOut: "timeout"
        case .reset: "reset"
        case .tooLarge: "too_large"
        case .malformed: "malformed"
        case .redirect: "redirect"
        case .status(let status, _): "\(status.code)"
        case .undecodable: "undecodable"
        }
    }
}
