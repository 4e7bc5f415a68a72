/// The turns, to be used again for the memory of their answers. There are as many as requests were in handlers' hands at
/// the same time.
struct TurnPool {
    private var spare: [Turn] = []
    private var outCount = 0

    /// Kept for use again.
    private static let mostSpare = 16

    /// Whether there are turns that have not ended.
    var areOut: Bool { outCount > 0 }

    /// A turn for bytes that came into shared memory.
    mutating func take(for connection: Connection, _ unread: Range<Int>, in block: InputBlock) -> Turn {
        outCount += 1
        guard let turn = spare.popLast() else { return Turn(connection, unread, in: block) }
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
        return turn
    }

    /// Takes back a turn that has ended.
    /// - Parameter block: What it may hold on to; that of a large body goes with it.
    mutating func putBack(_ turn: Turn, parkedIn block: InputBlock) {
        outCount -= 1
        if turn.block !== block { turn.block = block }
        if turn.pending != nil { turn.pending = nil }
        if turn.begun != nil { turn.begun = nil }
        if turn.rest != nil { turn.rest = nil }
        turn.answeredCount = 0
        turn.ending = .keepAlive
        if spare.count < Self.mostSpare { spare.append(turn) }
    }
}
