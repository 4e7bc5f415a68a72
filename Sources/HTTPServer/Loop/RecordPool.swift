/// The records of requests, to be used again when nobody else has kept them.
struct RecordPool {
    private let context: ServerContext
    private var spare: [RequestRecord] = []
    private var ids = RequestID.Sequence()

    /// Kept for use again: one turn's worth, whatever rush there was.
    private static let mostSpare = 64

    init(_ context: ServerContext) {
        self.context = context
    }

    /// A record for the request whose first byte is at `origin`.
    mutating func take(for peer: PeerAddress, in block: InputBlock, at origin: Int) -> RequestRecord {
        let record = spare.popLast() ?? RequestRecord(context: context, input: block)
        if record.input !== block { record.input = block }
        record.origin = origin
        record.peer = peer
        record.madeID = ids.make()
        return record
    }

    /// Takes a record back, unless somebody else has kept it.
    /// - Parameter block: What spare records may hold on to; the memory of a large body goes with it.
    /// - Returns: Whether it came back.
    mutating func takeBack(_ record: consuming RequestRecord, parkedIn block: InputBlock) -> Bool {
        guard isKnownUniquelyReferenced(&record) else { return false }
        record.reset()
        if record.input !== block { record.input = block }
        if spare.count < Self.mostSpare { spare.append(record) }
        return true
    }
}
