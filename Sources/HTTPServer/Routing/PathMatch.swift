/// What the route trie found for a path.
struct PathMatch: Sendable {
    /// The most parameters a pattern may have.
    static let capacity = 8

    /// Where in the decoded path the parameters' values are.
    var values = InlineArray<8, ByteRange>(repeating: ByteRange())
    var valueCount = 0
}
