/// Requests that have arrived whole and wait for a thread, those that have waited longest first.
///
/// Those that may write wait in a line of their own, because they may have to wait although there are threads: for a
/// store that others write to (``HandlerRoom``).
struct WaitingTurns {
    private var reads = Line()
    private var writes = Line()

    /// First in, first out.
    private struct Line {
        private var turns: [Turn?] = []
        private var position = 0

        var count: Int { turns.count - position }
        var first: Turn? { position < turns.count ? turns[position] : nil }

        mutating func append(_ turn: consuming Turn) { turns.append(turn) }

        mutating func prepend(_ turn: consuming Turn) {
            if position > 0 {
                position -= 1
                turns[position] = turn
            } else {
                turns.insert(turn, at: 0)
            }
        }

        mutating func removeFirst() -> Turn? {
            guard position < turns.count else { return nil }
            let turn = turns[position].take()
            position += 1
            if position == turns.count {
                turns.removeAll(keepingCapacity: position < 1024)
                position = 0
            } else if position >= 1024, position * 2 >= turns.count {
                turns.removeFirst(position)
                position = 0
            }
            return turn
        }
    }

    var isEmpty: Bool { count == 0 }
    var count: Int { reads.count + writes.count }

    /// Since when the first waits, in nanoseconds of the monotonic clock.
    var since: Int64? { first?.record.arrivedAt }

    /// The one that has waited longest.
    private var first: Turn? {
        guard let read = reads.first else { return writes.first }
        guard let write = writes.first else { return read }
        return read.record.arrivedAt <= write.record.arrivedAt ? read : write
    }

    mutating func append(_ turn: consuming Turn) {
        if turn.record.mayWrite { writes.append(turn) } else { reads.append(turn) }
    }

    /// Puts one back that was taken out as the first.
    mutating func prepend(_ turn: consuming Turn) {
        if turn.record.mayWrite { writes.prepend(turn) } else { reads.prepend(turn) }
    }

    /// Takes out the one that has waited longest.
    mutating func removeFirst() -> Turn? {
        guard let first else { return nil }
        return first.record.mayWrite ? writes.removeFirst() : reads.removeFirst()
    }

    /// Takes out the one that has waited longest of those that there is room for.
    mutating func removeFirst(in room: HandlerRoom) -> Turn? {
        guard let first else { return nil }
        if room.has(for: first.record) { return removeFirst() }
        guard first.record.mayWrite, let read = reads.first, room.has(for: read.record) else { return nil }
        return reads.removeFirst()
    }
}
