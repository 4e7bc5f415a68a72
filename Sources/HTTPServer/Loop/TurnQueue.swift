/// Connections that have requests left over, in the order in which they will have another turn.
struct TurnQueue {
    private var waiting: [Connection] = []
    private var round: [Connection] = []
    private var position = 0

    var isEmpty: Bool { waiting.isEmpty }

    mutating func append(_ connection: Connection) { waiting.append(connection) }

    /// Everybody who waits now has one turn; who is appended meanwhile has to wait for the next round.
    mutating func beginRound() {
        guard !waiting.isEmpty else { return }
        swap(&waiting, &round)
    }

    /// The next of this round. It may have been closed since.
    mutating func next() -> Connection? {
        guard position < round.count else {
            if position > 0 {
                round.removeAll(keepingCapacity: true)
                position = 0
            }
            return nil
        }
        defer { position += 1 }
        return round[position]
    }
}
