/// The records of requests, to be used again when nobody else has kept them.
struct RecordPool {
    private let context: ServerContext
    /// The one to be used next, which is the one that was used last: to move it here and back costs no look at the others.
    private var next: RequestRecord?
    private var others: [RequestRecord] = []
    private var ids = RequestID.Sequence()

    /// Kept for use again: one turn's worth, whatever rush there was.
    private static let mostSpare = 64

    init(_ context: ServerContext) {
        self.context = context
    }

    /// A record for the request that begins with a turn's first unread byte.
    mutating func take(for turn: Turn) -> RequestRecord {
        let record = next.take() ?? others.popLast() ?? RequestRecord(context: context, input: turn.block)
        if record.input !== turn.block { record.input = turn.block }
        record.origin = turn.unread.lowerBound
        record.peer = turn.connection.peer
        record.madeID = ids.make()
        return record
    }

    /// Takes a record back, unless somebody else has kept it.
    /// - Parameter batch: Has the block that spare records may hold on to; the memory of a large body goes with its own.
    /// - Returns: Whether it came back.
    mutating func takeBack(_ record: consuming RequestRecord, parkedIn batch: borrowing ReadBatch) -> Bool {
        guard isKnownUniquelyReferenced(&record) else { return false }
        record.reset()
        if record.input !== batch.block { record.input = batch.block }
        if next == nil {
            next = record
        } else if others.count < Self.mostSpare {
            others.append(record)
        }
        return true
    }
}
