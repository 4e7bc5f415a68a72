import Stays

/// The version of a booking as HTTP names it: `"3"` (RFC 9110 section 8.8.3).
struct EntityTag: CustomStringConvertible {
    let version: Int

    init(of booking: Booking) {
        version = booking.version
    }

    var description: String { "\"\(version)\"" }

    /// What If-Match and If-None-Match may say.
    enum List {
        case any
        /// The versions named; a tag that is no version of ours matches nothing.
        case versions([Int])

        func matches(_ booking: Booking) -> Bool {
            expectedVersion.includes(booking.version)
        }

        var expectedVersion: ExpectedVersion {
            switch self {
            case .any: .any
            case .versions(let versions): .oneOf(versions)
            }
        }
    }

    /// Reads a field's value; `nil` when it is neither `*` nor a list of entity tags. Weak tags (`W/"3"`) are read as
    /// strong ones: every version of a booking has exactly one representation.
    static func list(_ text: String) -> List? {
        if text == "*" { return .any }
        var versions: [Int] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            var tag = item.trimmed
            if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
            guard tag.count >= 2, tag.first == "\"", tag.last == "\"" else { return nil }
            let opaque = tag.dropFirst().dropLast()
            guard !opaque.contains("\"") else { return nil }
            if let version = Int(opaque), String(version) == opaque { versions.append(version) }
        }
        return .versions(versions)
    }
}
