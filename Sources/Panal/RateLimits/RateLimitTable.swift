import Linux

/// How many requests were admitted for whom, in memory that all workers share: a count-min sketch (Cormode and Muthukrishnan, 2005)
/// of fixed size, however many there are to be counted.
///
/// Each is counted in four cells, one in each of four rows, that a secret hash chooses; others may share some of them. What the
/// cell with the least says is at least what is true: nobody gets more than the limit. It is more only for who shares all
/// four with somebody who has asked for much; docs/security.md says how rarely that is.
///
/// Each worker writes cells of its own, and who decides sums them over all. It counts first and looks then, in one order for
/// all (`SharedWord.loadInOrder`), and takes its own back when that was too much: of several who do so at the same
/// moment the last one sees all others, so never are more admitted than the limit in a window of the clock. A worker that dies
/// leaves its cells behind, and its successor goes on with them.
final class RateLimitTable: Sendable {
    let limit: RateLimit
    /// What it is kept in, for who hands it to the next program.
    let memory: SharedMemory
    private let slots: Int
    private let hash: SipHash

    /// A new one.
    /// - Parameter slots: how many processes may count at a time.
    init(_ name: String, _ limit: RateLimit, slots: Int) throws(SystemError) {
        memory = try SharedMemory(name, size: Layout.size(slots))
        var generator = SystemRandomNumberGenerator()
        for place in [Layout.firstSecret, Layout.secondSecret] { memory.word(at: place).storeRelaxed(generator.next()) }
        memory.word(at: Layout.slots).storeRelaxed(UInt64(slots))
        memory.word(at: Layout.seconds).storeRelaxed(UInt64(limit.seconds))
        memory.word(at: Layout.version).store(Layout.currentVersion)
        self.limit = limit
        self.slots = slots
        hash = Self.hash(memory)
    }

    /// A former program's, to go on with. `nil` when it is laid out in another way, or counts in other windows.
    init?(in memory: SharedMemory, _ limit: RateLimit, slots: Int) {
        func word(_ place: Int) -> UInt64 { memory.word(at: place).load() }
        guard memory.size >= Layout.size(slots), word(Layout.version) == Layout.currentVersion,
            word(Layout.slots) == UInt64(slots), word(Layout.seconds) == UInt64(limit.seconds)
        else { return nil }
        self.memory = memory
        self.limit = limit
        self.slots = slots
        hash = Self.hash(memory)
    }

    private static func hash(_ memory: SharedMemory) -> SipHash {
        SipHash(
            key: (memory.word(at: Layout.firstSecret).load(), memory.word(at: Layout.secondSecret).load())
        )
    }

    /// Says that a slot is in use, so that its cells are summed.
    func use(_ slot: Int) {
        precondition(slot >= 0 && slot < slots, "there is no slot \(slot)")
        let word = memory.word(at: Layout.used(slot / 64))
        while case let mask = word.load(), mask & 1 << UInt64(slot % 64) == 0 {
            if word.replace(mask, by: mask | 1 << UInt64(slot % 64)) { return }
        }
    }

    /// Admits a request, or not.
    /// - Parameter slot: Whose cells count it, in use by the calling process alone.
    func admit(_ key: RateLimitKey, slot: Int, at now: MonotonicInstant = .now) -> RateLimitReading {
        let places = Layout.places(of: hash.hash(key.first, key.second))
        let moment = Moment(now, of: limit)
        let before = estimate(places, moment)
        guard before.count(at: moment) < limit.count else { return reading(before, at: moment, isRefused: true) }
        change(places, slot) { $0.add(in: moment.window) }
        let after = estimate(places, moment)
        guard after.count(at: moment) <= limit.count else {
            change(places, slot) { $0.remove(in: moment.window) }
            return reading(after, at: moment, isRefused: true)
        }
        return reading(after, at: moment, isRefused: false)
    }

    /// Replaces this process's cells. Its threads may do so at the same time.
    private func change(_ places: InlineArray<4, Int>, _ slot: Int, _ change: (inout WindowCount) -> Void) {
        for row in places.indices {
            let word = memory.word(at: Layout.slot(slot) + places[row])
            var old = word.load()
            while true {
                var count = WindowCount(bits: old)
                change(&count)
                if word.replaceInOrder(old, by: count.bits) { break }
                old = word.load()
            }
        }
    }

    /// What all processes have counted, by the row that says the least.
    private func estimate(_ places: InlineArray<4, Int>, _ moment: Moment) -> Estimate {
        var rows = InlineArray<4, Estimate>(repeating: Estimate())
        for group in 0..<(slots + 63) / 64 {
            var mask = memory.word(at: Layout.used(group)).load()
            while mask != 0 {
                let start = Layout.slot(group * 64 + mask.trailingZeroBitCount)
                mask &= mask &- 1
                for row in places.indices {
                    let count = WindowCount(bits: memory.word(at: start + places[row]).loadInOrder())
                    let (former, current) = count.counts(in: moment.window)
                    rows[row].former += former
                    rows[row].current += current
                }
            }
        }
        var least = rows[0]
        for row in 1..<4 where rows[row].count(at: moment) < least.count(at: moment) { least = rows[row] }
        return least
    }

    private func reading(_ estimate: Estimate, at moment: Moment, isRefused: Bool) -> RateLimitReading {
        let wait = isRefused ? estimate.wait(below: limit.count, at: moment) : moment.rest
        return RateLimitReading(
            limit: limit,
            remaining: max(0, limit.count - estimate.count(at: moment)),
            seconds: Int(max(1, (wait + 999_999) / 1_000_000)),
            isRefused: isRefused
        )
    }

    /// A point in time in its window, in microseconds.
    private struct Moment {
        /// Which window it is, of all since the clock began.
        let window: UInt64
        let length: Int64
        /// Until the window ends.
        let rest: Int64

        init(_ now: MonotonicInstant, of limit: RateLimit) {
            length = limit.seconds * 1_000_000
            let time = max(0, now.nanoseconds / 1000)
            window = UInt64(time / length)
            rest = length - time % length
        }
    }

    /// What was counted in a window and in the one before.
    private struct Estimate {
        var former = 0
        var current = 0

        /// What that comes to: of the window before, the part that a window's length reaches back into. Rounded up.
        func count(at moment: Moment) -> Int { current + part(of: former, moment.rest, moment.length) }

        /// How long until it is less, if nobody else asks, in microseconds.
        func wait(below limit: Int, at moment: Moment) -> Int64 {
            if current < limit {
                let rest = Int64(limit - 1 - current) * moment.length / Int64(max(former, 1))
                return max(0, moment.rest - rest)
            }
            let rest = Int64(limit - 1) * moment.length / Int64(max(current, 1))
            return moment.rest + max(0, moment.length - rest)
        }

        private func part(of count: Int, _ rest: Int64, _ length: Int64) -> Int {
            Int((Int64(count) * rest + length - 1) / length)
        }
    }

    /// Where everything is, in bytes: what concerns all; which slots were ever used, as bits; the slots, each with its cells, row by
    /// row.
    private enum Layout {
        static let currentVersion: UInt64 = 1
        static let version = 0
        static let slots = 8
        static let seconds = 16
        static let firstSecret = 24
        static let secondSecret = 32
        static let firstUsed = 64
        static let firstSlot = 4096
        /// Cells of a row, a power of two: 32,768.
        static let bitsOfPlace: UInt64 = 15
        static let rowSize = 8 << Int(bitsOfPlace)
        static let slotSize = 4 * rowSize

        static func used(_ group: Int) -> Int { firstUsed + group * 8 }
        static func slot(_ slot: Int) -> Int { firstSlot + slot * slotSize }
        static func size(_ slots: Int) -> Int {
            precondition((1...1000).contains(slots), "a table of \(slots) slots")
            return slot(slots)
        }

        /// The four cells of a hash, relative to the slot.
        static func places(of hash: UInt64) -> InlineArray<4, Int> {
            InlineArray { row in
                row * rowSize + 8 * Int(hash >> (UInt64(row) * bitsOfPlace) & ((1 << bitsOfPlace) - 1))
            }
        }
    }
}
