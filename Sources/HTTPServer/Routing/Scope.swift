/// What a caller may do, by a word: `read`, `write`, or one of the service's own, such as `bookings:cancel` (RFC 6749 section 3.3).
public struct Scope: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The word.
    public let name: String

    /// Nil unless the name is 1 to 64 of `A-Z`, `a-z`, `0-9` and `.:_/-`.
    public init?(_ name: some StringProtocol) {
        let isPlain = name.utf8.allSatisfy { byte in
            ASCII.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || ".:_/-".utf8.contains(byte)
        }
        guard isPlain, (1...64).contains(name.utf8.count) else { return nil }
        self.name = String(name)
    }

    /// To ask for what is there.
    public static let read: Scope = "read"
    /// To change it.
    public static let write: Scope = "write"

    /// The word.
    public var description: String { name }

    /// By their names.
    public static func < (left: Scope, right: Scope) -> Bool { left.name < right.name }
}

extension Scope: ExpressibleByStringLiteral {
    /// A scope that the program names; one that is none is a mistake in the program: it traps at start.
    public init(stringLiteral name: String) {
        guard let scope = Scope(name) else { preconditionFailure("\"\(name)\" is no scope") }
        self = scope
    }
}
