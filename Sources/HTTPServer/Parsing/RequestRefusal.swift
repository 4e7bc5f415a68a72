/// Why the server itself refused a request, in a word that stays the same from release to release: for metrics.
public enum RequestRefusal: String, Sendable, CaseIterable {
    /// It breaks HTTP, or a limit of the request line or the header fields.
    case malformed
    /// It did not arrive in its time.
    case timeout
    /// Its body is larger than the resource takes.
    case tooLarge = "too large"
    /// It asks for what this server does not implement: a method, a transfer coding, a version, an expectation.
    case unsupported
    /// The bodies of all requests together need more memory than they may.
    case noMemory = "no memory"
    /// The process has as many connections as the system lets it have.
    case noDescriptor = "no descriptor"
    /// No thread was free in time.
    case overloaded

    /// Whether it is the request's own form that was refused, and not what it came to.
    public var isParseError: Bool { self == .malformed || self == .unsupported }
}

extension RequestError {
    /// In a word.
    var kind: RequestRefusal {
        switch status {
        case 408: .timeout
        case 411, 417, 501, 505: .unsupported
        case 413: .tooLarge
        case 503 where self == .overloaded: .overloaded
        case 503 where self == .noDescriptorLeft: .noDescriptor
        case 503: .noMemory
        default: .malformed
        }
    }
}
