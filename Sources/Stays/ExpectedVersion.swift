/// Which versions of a booking a change may start from: the If-Match of HTTP (RFC 9110, section 13.1.1).
public enum ExpectedVersion: Hashable, Sendable {
    /// Any version (`*`).
    case any

    /// One of these.
    case oneOf([Int])

    /// Whether this version is one of them.
    public func includes(_ version: Int) -> Bool {
        switch self {
        case .any: true
        case .oneOf(let versions): versions.contains(version)
        }
    }
}
