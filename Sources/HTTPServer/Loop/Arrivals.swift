/// What a wake of the loop has received and not yet answered.
///
/// The loop first takes what all ready connections have sent, then answers. So every request of a batch was sent before
/// the first of them is answered, which lets handlers share what they have just learned: see
/// ``ServerObserver/batchBegan()``.
struct Arrivals {
    typealias Entry = (connection: Connection, bytes: Range<Int>, block: InputBlock)

    /// With the block of each: when a handler keeps a request, the loop goes on in another one.
    private var entries: [Entry] = []
    /// Where the next one goes.
    private(set) var end = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    subscript(index: Int) -> Entry { entries[index] }

    mutating func append(_ connection: Connection, _ bytes: Range<Int>, in block: InputBlock) {
        entries.append((connection, bytes, block))
        end = bytes.upperBound
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        end = 0
    }
}
