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

        /// Behind those that have waited longer.
        mutating func insert(_ turn: Turn) {
            let behind = index { $0.record.arrivedAt > turn.record.arrivedAt }
            turns.insert(turn, at: behind ?? turns.count)
        }

        func index(where matches: (Turn) -> Bool) -> Int? {
            turns[position...].firstIndex { $0.map(matches) ?? false }
        }

        mutating func remove(at index: Int) -> Turn? {
            index == position ? removeFirst() : turns.remove(at: index)
        }

        func turn(at index: Int) -> Turn? { turns[index] }

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

    /// Puts one where it belongs that came earlier.
    mutating func insert(_ turn: Turn) {
        if turn.record.mayWrite { writes.insert(turn) } else { reads.insert(turn) }
    }

    /// Takes out the one that has waited longest.
    mutating func removeFirst() -> Turn? {
        guard let first else { return nil }
        return first.record.mayWrite ? writes.removeFirst() : reads.removeFirst()
    }

    /// Takes out the one that has waited longest of those that something holds for.
    mutating func removeFirst(where matches: (Turn) -> Bool) -> Turn? {
        let (read, write) = (reads.index(where: matches), writes.index(where: matches))
        guard let write, let oldestWrite = writes.turn(at: write) else { return read.flatMap { reads.remove(at: $0) } }
        guard let read, let oldestRead = reads.turn(at: read),
            oldestRead.record.arrivedAt <= oldestWrite.record.arrivedAt
        else { return writes.remove(at: write) }
        return reads.remove(at: read)
    }

    /// Takes out the one that has waited longest of those that there is room for.
    mutating func removeFirst(in room: HandlerRoom) -> Turn? {
        guard let first else { return nil }
        if room.has(for: first.record) { return removeFirst() }
        guard first.record.mayWrite, let read = reads.first, room.has(for: read.record) else { return nil }
        return reads.removeFirst()
    }
}
