/// Which versions of a resource a change may start from, so that nobody overwrites what they have not seen.
public enum ExpectedVersion: Hashable, Sendable {
    /// Any version.
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
