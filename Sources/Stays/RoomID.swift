/// The name of a room in URLs and in the store, such as `101` or `garden-suite`.
public struct RoomID: Hashable, Sendable {
    /// The slug: 1 to 32 of `a-z`, `0-9` and `-`, a hyphen only between two of the others.
    public let text: String

    /// Nil unless the text is such a slug.
    public init?(_ text: String) {
        var previous = UInt8(ascii: "-")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "-") where previous != byte: break
            default: return nil
            }
            previous = byte
        }
        guard previous != UInt8(ascii: "-"), text.utf8.count <= 32 else { return nil }
        self.text = text
    }
}

extension RoomID: Comparable {
    /// By the bytes of the slug, as every store sorts it.
    public static func < (left: RoomID, right: RoomID) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension RoomID: CustomStringConvertible {
    /// The slug.
    public var description: String { text }
}
