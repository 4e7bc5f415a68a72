/// Requests that were passed to siblings a moment ago, and what they say of their threads does not show yet.
struct PassedRequests {
    private var counts: [(sibling: Int, count: Int)] = []
    private var since: Int64 = 0

    /// After so long they have a thread there, or never will: 10 ms.
    private static let memory: Int64 = 10_000_000

    mutating func forgetOld(now: Int64) {
        if !counts.isEmpty, now - since > Self.memory { counts.removeAll(keepingCapacity: true) }
    }

    mutating func note(_ sibling: Int, now: Int64) {
        if counts.isEmpty { since = now }
        if let index = counts.firstIndex(where: { $0.sibling == sibling }) {
            counts[index].count += 1
        } else {
            counts.append((sibling, 1))
        }
    }

    /// How many.
    func count(to sibling: Int) -> Int { counts.first { $0.sibling == sibling }?.count ?? 0 }
}
