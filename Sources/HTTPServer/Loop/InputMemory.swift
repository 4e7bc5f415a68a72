/// The memory that connections have for requests that have not arrived whole. Heads have as much as bodies, but of their
/// own: anybody may begin a head, and would else leave no room for what is admitted.
struct InputMemory {
    /// For heads, and again for bodies.
    private let limit: Int
    private var heads = 0
    private var bodies = 0

    /// From this much on, a connection keeps the block that its bytes came in.
    static let leastAdoptedSize = 16 * 1024
    /// The least memory for a request that came in pieces.
    private static let leastSize = 1024

    init(limit: Int) {
        self.limit = limit
    }

    /// The bytes of memory that are taken.
    private(set) subscript(part: RequestPart) -> Int {
        get {
            switch part {
            case .head: heads
            case .body: bodies
            }
        }
        set {
            switch part {
            case .head: heads = newValue
            case .body: bodies = newValue
            }
        }
    }

    /// Whether a connection may have a block of so many bytes in place of what it has. When nobody else has any, it always
    /// may.
    func hasRoom(for capacity: Int, as part: RequestPart, inPlaceOf pending: PendingInput?) -> Bool {
        var others = self[part]
        if let pending, pending.accounted == part { others -= pending.block.capacity }
        return others == 0 || capacity <= limit - others
    }

    /// Keeps the bytes that a turn leaves behind.
    /// - Parameters:
    ///   - batch: Its block is taken over where that costs less than a copy.
    ///   - isShared: Whether somebody has kept a request in these bytes' block, so that it must not be written to again.
    /// - Returns: Whether there is memory for them. There always is for whole requests.
    mutating func keepUnread(of turn: Turn, in batch: inout ReadBatch, isShared: Bool) -> Bool {
        guard turn.hasUnread else {
            if turn.pending != nil { release(turn) }
            return true
        }
        let (block, bytes) = (turn.block, turn.unread)
        if block === turn.pending?.block, !isShared, block.capacity >= Self.end(of: turn.begun, from: bytes) {
            hold(block, bytes, of: turn)
        } else if bytes.count >= Self.leastAdoptedSize, block === batch.block, !isShared,
            bytes.lowerBound + (turn.begun?.reader.expectedSize ?? 0) <= block.capacity,
            hasRoom(for: block.capacity, as: turn.begun?.part ?? .head, inPlaceOf: turn.pending)
        {
            // A new shared block costs less than a copy.
            hold(block, bytes, of: turn)
            batch.replaceBlock()
        } else {
            guard let new = copy(bytes, of: block, for: turn.begun, inPlaceOf: turn.pending) else { return false }
            hold(new, 0..<bytes.count, of: turn)
        }
        return true
    }

    /// Memory for bytes of a connection that another server has passed on.
    mutating func adopt(_ bytes: [UInt8]) -> PendingInput {
        let pending = PendingInput(InputBlock(copying: bytes), 0..<bytes.count)
        self[.head] += pending.block.capacity
        return pending
    }

    /// Moves the bytes to a larger block.
    /// - Returns: Whether there is memory for it.
    mutating func grow(_ pending: PendingInput) -> Bool {
        let (block, bytes) = (pending.block, pending.bytes)
        guard let new = copy(bytes, of: block, for: pending.request, inPlaceOf: pending) else { return false }
        account(for: new, in: pending, as: pending.request?.part ?? .head)
        pending.bytes = 0..<bytes.count
        return true
    }

    /// Takes a connection's memory back.
    mutating func release(_ pending: PendingInput) {
        self[pending.accounted] -= pending.block.capacity
    }

    /// Takes back the memory of the connection that has this turn.
    mutating func release(_ turn: Turn) {
        guard let pending = turn.pending else { return }
        turn.pending = nil
        release(pending)
    }

    private mutating func hold(_ block: InputBlock, _ bytes: Range<Int>, of turn: Turn) {
        let part = turn.begun?.part ?? .head
        if let pending = turn.pending {
            account(for: block, in: pending, as: part)
            pending.bytes = bytes
        } else {
            let pending = PendingInput(block, bytes)
            pending.accounted = part
            self[part] += block.capacity
            turn.pending = pending
        }
        turn.pending?.request = turn.begun
        turn.begun = nil
    }

    private mutating func account(for block: InputBlock, in pending: PendingInput, as part: RequestPart) {
        self[pending.accounted] -= pending.block.capacity
        pending.block = block
        pending.accounted = part
        self[part] += block.capacity
    }

    /// Copies bytes to a new block with room for the rest of their request. Room that is not filled takes address space,
    /// not memory, but it is spoken for: other bodies that would not fit beside this one are refused before they are read.
    /// - Returns: `nil` without memory for it.
    private func copy(
        _ bytes: Range<Int>,
        of block: InputBlock,
        for request: BegunRequest?,
        inPlaceOf pending: PendingInput?
    ) -> InputBlock? {
        let known = Self.end(of: request, from: 0..<bytes.count)
        let capacity = known > 0 ? known : max(bytes.count * 2, Self.leastSize)
        if let request {
            guard hasRoom(for: capacity, as: request.part, inPlaceOf: pending) else { return nil }
        }
        let new = InputBlock(capacity: capacity)
        new.copy(bytes, of: block)
        if let record = request?.record {
            record.input = new
            record.origin = 0
        }
        return new
    }

    /// Up to where in its block a request will reach, as far as that is known: all of a body of known size.
    private static func end(of request: BegunRequest?, from bytes: Range<Int>) -> Int {
        guard let request, request.reader.isInBody, !request.record.head.isChunked else { return 0 }
        return bytes.lowerBound + request.reader.expectedSize
    }
}
