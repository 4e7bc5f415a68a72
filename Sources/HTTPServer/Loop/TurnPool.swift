/// The turns, to be used again for the memory of their answers. There are as many as requests were in handlers' hands, or
/// waited for a thread, at the same time.
struct TurnPool {
    /// The one to be used next, which is the one that was used last: to move it here and back costs no look at the others.
    private var next: Turn?
    private var others: [Turn] = []

    /// Kept for use again.
    private static let mostSpare = 16

    /// A turn for bytes that came into shared memory.
    mutating func take(for entry: ReadBatch.Entry, of batch: borrowing ReadBatch) -> Turn {
        take(for: entry.connection, entry.bytes, in: batch.entriesBlock)
    }

    /// A turn for bytes in a block.
    @inline(__always)
    mutating func take(for connection: Connection, _ unread: Range<Int>, in block: InputBlock) -> Turn {
        block.turnCount += 1
        guard let turn = next.take() ?? others.popLast() else { return Turn(connection, unread, in: block) }
        turn.connection = connection
        turn.unread = unread
        if turn.block !== block { turn.block = block }
        return turn
    }

    /// A turn for bytes in memory of the connection's own.
    mutating func take(for connection: Connection, _ pending: PendingInput) -> Turn {
        let turn = take(for: connection, pending.bytes, in: pending.block)
        turn.begun = pending.request
        pending.request = nil
        turn.pending = pending
        turn.arrivedAt = pending.arrivedAt
        turn.passes = pending.passes
        pending.arrivedAt = nil
        pending.passes = 0
        return turn
    }

    /// Takes back a turn that has ended.
    /// - Parameter batch: Has the block that it may hold on to; that of a large body goes with its own.
    mutating func putBack(_ turn: consuming Turn, parkedIn batch: borrowing ReadBatch) {
        turn.block.turnCount -= 1
        if turn.block !== batch.block { turn.block = batch.block }
        if turn.pending != nil { turn.pending = nil }
        if turn.begun != nil { turn.begun = nil }
        if turn.rest != nil { turn.rest = nil }
        turn.answeredCount = 0
        turn.ending = .keepAlive
        turn.arrivedAt = nil
        turn.passes = 0
        turn.errand = .answer
        turn.hasCommitted = false
        if next == nil {
            next = turn
        } else if others.count < Self.mostSpare {
            others.append(turn)
        }
    }
}
