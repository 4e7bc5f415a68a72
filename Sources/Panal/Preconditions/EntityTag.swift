/// The version of a resource as HTTP names it: `"3"` (RFC 9110 section 8.8.3).
public struct EntityTag: Hashable, Sendable {
    /// The version.
    public let version: Int

    /// The tag of this version.
    public init(version: Int) {
        self.version = version
    }
}

extension EntityTag: CustomStringConvertible {
    /// The value of an `ETag` field.
    public var description: String { "\"\(version)\"" }
}
