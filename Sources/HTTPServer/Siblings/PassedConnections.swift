/// What was sent to siblings a moment ago, and what they say of themselves does not show yet.
struct PassedConnections {
    private struct Entry {
        let sibling: Int
        /// How many connections it had when the first of these was sent.
        var before: Int
        var count = 0
        /// Those of them that need a thread at once.
        var requests = 0
    }

    private var entries: [Entry] = []
    private var since: Int64 = 0

    /// After so long they have arrived, or never will: 10 ms.
    private static let memory: Int64 = 10_000_000

    mutating func forgetOld(now: Int64) {
        if !entries.isEmpty, now - since > Self.memory { entries.removeAll(keepingCapacity: true) }
    }

    mutating func note(_ sibling: Int, connections: Int, isRequest: Bool, now: Int64) {
        if entries.isEmpty { since = now }
        let index = entries.firstIndex { $0.sibling == sibling }
        let position = index ?? entries.count
        if index == nil { entries.append(Entry(sibling: sibling, before: connections)) }
        entries[position].count += 1
        if isRequest { entries[position].requests += 1 }
    }

    /// What a sibling will have, as far as that is known.
    func expected(_ load: ServerLoad, of sibling: Int) -> ServerLoad {
        guard let entry = entries.first(where: { $0.sibling == sibling }) else { return load }
        var load = load
        // Those that have arrived are in what it says.
        load.connections = max(load.connections, entry.before + entry.count)
        load.freeThreads -= entry.requests
        return load
    }
}
