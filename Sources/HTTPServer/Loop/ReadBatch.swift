/// What a wake of the loop has received and not yet answered, in memory that connections without bytes of their own
/// share.
///
/// The loop first takes what all ready connections have sent, then answers. So every request of a batch was sent before
/// the first of them is answered, which lets handlers share what they have just learned: see
/// ``ServerObserver/batchBegan()``.
struct ReadBatch {
    struct Entry {
        let connection: Connection
        let bytes: Range<Int>
        /// When a handler keeps a request, the loop goes on in another block.
        let block: InputBlock
    }

    /// What the next connection receives into.
    private(set) var block = InputBlock(capacity: ReadBatch.size)
    /// From here on.
    private(set) var end = 0
    private var entries: [Entry] = []
    private var position = 0

    /// One recv(2) takes this much: many pipelined requests, or a body of 64 KiB and its head.
    private static let size = 80 * 1024
    /// With less room than this, what is there is answered first.
    private static let leastRoom = 16 * 1024

    var count: Int { entries.count }

    /// Whether nothing more may be received before what is there has been answered.
    private(set) var isFull = false

    /// Receives what a connection has sent.
    /// - Returns: As recv(2).
    mutating func receive(from connection: Connection) -> Int {
        let count = block.receive(from: connection.socket, at: end)
        if count > 0 {
            entries.append(Entry(connection: connection, bytes: end..<end + count, block: block))
            end += count
            // So much may be the beginning of more, which then comes into the same block: nothing may follow it there.
            isFull = count >= InputMemory.leastAdoptedSize || block.capacity - end < Self.leastRoom
        }
        return count
    }

    /// Receives something that nobody wants.
    /// - Returns: As recv(2).
    func drop(from socket: CInt) -> Int { block.receive(from: socket, at: end) }

    /// The next to be answered.
    mutating func next() -> Entry? {
        guard position < entries.count else { return nil }
        defer { position += 1 }
        return entries[position]
    }

    /// Begins anew, when all is answered.
    /// - Parameter isInUse: Whether there are requests in handlers' hands still, which may be in this memory.
    mutating func restart(isInUse: Bool) {
        entries.removeAll(keepingCapacity: true)
        position = 0
        end = 0
        isFull = false
        if isInUse { replaceBlock() }
    }

    /// Leaves the block to who has it now.
    mutating func replaceBlock() { block = InputBlock(capacity: Self.size) }
}
