/// How many connections of a database server this instance of the service may have: `40` or `auto`.
public enum ConnectionCount: Hashable, Sendable {
    /// As many as the server grants; behind a pooler as many as the service's threads need.
    case auto
    /// So many: each of several instances gets its share, or what a pooler accepts.
    case fixed(Int)

    /// More than any server has.
    public static let limit = 100_000

    init?(_ text: String) {
        if text == "auto" {
            self = .auto
        } else if let count = WholeNumberText.parse(text, in: 1...Self.limit) {
            self = .fixed(count)
        } else {
            return nil
        }
    }
}
