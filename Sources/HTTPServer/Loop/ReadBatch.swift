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
    }

    /// What the next connection receives into.
    private(set) var block: InputBlock
    /// What the entries' bytes are in. When a handler keeps a request, the loop goes on in another block.
    private(set) var entriesBlock: InputBlock
    /// From here on.
    private(set) var end = 0
    /// Those of this batch, then empty places. An entry leaves its place when it is answered: to move costs less than to copy.
    private var entries: [Entry?] = []
    private(set) var count = 0
    private var position = 0

    /// One recv(2) takes this much: many pipelined requests, or a body of 64 KiB and its head.
    private static let size = 80 * 1024
    /// With less room than this, what is there is answered first.
    private static let leastRoom = 16 * 1024

    init() {
        block = InputBlock(capacity: Self.size)
        entriesBlock = block
    }

    /// Whether nothing more may be received before what is there has been answered.
    private(set) var isFull = false

    /// Receives what a connection has sent.
    /// - Returns: As recv(2).
    mutating func receive(from connection: Connection) -> Int {
        precondition(block === entriesBlock, "the batch is being answered")
        let size = block.receive(from: connection.socket, at: end)
        if size > 0 {
            append(Entry(connection: connection, bytes: end..<end + size))
            end += size
            // So much may be the beginning of more, which then comes into the same block: nothing may follow it there.
            isFull = size >= InputMemory.leastAdoptedSize || block.capacity - end < Self.leastRoom
        }
        return size
    }

    /// Receives something that nobody wants.
    /// - Returns: As recv(2).
    func drop(from socket: CInt) -> Int { block.receive(from: socket, at: end) }

    /// Whether there is another to be answered.
    var hasMore: Bool { position < count }

    /// The next to be answered.
    mutating func next() -> Entry? {
        guard position < count else { return nil }
        defer { position += 1 }
        return entries[position].take()
    }

    private mutating func append(_ entry: consuming Entry) {
        if count < entries.count { entries[count] = entry } else { entries.append(entry) }
        count += 1
    }

    /// Begins anew, when all is answered.
    /// Requests that are in handlers' hands still, or wait, keep their memory.
    mutating func restart() {
        while next() != nil {}
        count = 0
        position = 0
        end = 0
        isFull = false
        if block.turnCount > 0 { replaceBlock() }
        if entriesBlock !== block { entriesBlock = block }
    }

    /// Leaves the block to who has it now.
    mutating func replaceBlock() {
        block = InputBlock(capacity: Self.size)
        if count == 0 { entriesBlock = block }
    }
}
