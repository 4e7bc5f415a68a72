/// What a wake of the loop has received and not yet answered.
///
/// The loop first takes what all ready connections have sent, then answers. So every request of a batch was sent before
/// the first of them is answered, which lets handlers share what they have just learned: see
/// ``ServerObserver/batchBegan()``.
struct Arrivals {
    private var entries: [(connection: Connection, bytes: Range<Int>)] = []
    /// Where the next one goes.
    private(set) var end = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    subscript(index: Int) -> (connection: Connection, bytes: Range<Int>) { entries[index] }

    mutating func append(_ connection: Connection, _ bytes: Range<Int>) {
        entries.append((connection, bytes))
        end = bytes.upperBound
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        end = 0
    }
}
