public import Linux
import Values

/// What comes of calls to other services, by host, in memory that all processes of a service share: for retry budgets, circuit
/// breakers and metrics.
///
/// It is made before the first fork. Each process adds in a slot of its own, so nobody waits for anybody, and readers sum. A
/// worker that dies leaves a count behind that is one short, and nothing that others wait for. Only the pages that are
/// used cost memory: one or two for each worker that calls out.
public final class HostTable: Sendable {
    /// What /proc shows for its memory.
    public static let name = "calls-out"

    /// How many hosts have a place of their own. Calls to those behind are counted together, and have no circuit breaker: one
    /// that fails would cut off the others.
    public static let hostCapacity = 128

    /// Under which name those are reported.
    public static let otherHosts = "(other)"

    /// What it is kept in, for who hands it to the next program.
    public let memory: SharedMemory
    let slots: Int

    /// A new one, all zero.
    /// - Parameter slots: how many processes may call out at a time.
    public init(slots: Int) throws(SystemError) {
        precondition((1...65_536).contains(slots), "a table of \(slots) slots")
        self.slots = slots
        memory = try SharedMemory(Self.name, size: Layout.size(slots))
        memory.word(at: Layout.slots).storeRelaxed(UInt64(slots))
        memory.word(at: Layout.version).store(Layout.currentVersion)
    }

    /// A former program's, to go on with. `nil` when it is laid out in another way.
    public convenience init?(in memory: SharedMemory, slots: Int) {
        self.init(reading: memory)
        guard self.slots == slots else { return nil }
    }

    /// Another program's, to be read only. `nil` when it is laid out in another way.
    public init?(reading memory: SharedMemory) {
        guard memory.size >= Layout.firstHost, memory.word(at: Layout.version).load() == Layout.currentVersion else {
            return nil
        }
        slots = Int(clamping: memory.word(at: Layout.slots).load())
        guard (1...65_536).contains(slots), memory.size >= Layout.size(slots) else { return nil }
        self.memory = memory
    }

    /// The memory, for who reads it from another program.
    public var descriptor: CInt { memory.descriptor }

    /// The place of a host, the same in all processes; the last one when there are too many.
    ///
    /// A place belongs to the host whose hash is in it, the same in every process and release. Whoever finds no name beside it
    /// writes it: all write the same.
    /// - Parameter claiming: Whether it takes a free place if it has none; otherwise it is sent to the last one.
    func place(of origin: String, claiming: Bool = true) -> Int {
        var hasher = FNV1a<UInt64>()
        hasher.combine(origin.utf8)
        let hash = hasher.value | 1
        for index in 0..<Self.hostCapacity {
            let word = memory.word(at: Layout.host(index))
            var found = word.load()
            if found == 0 {
                // They are taken in turn.
                guard claiming else { return Self.hostCapacity }
                if word.replace(0, by: hash) { found = hash } else { found = word.load() }
            }
            guard found == hash else { continue }
            let length = memory.word(at: Layout.host(index) + 8)
            if length.load() == 0 {
                let start = Layout.host(index) + 16
                let written = unsafe memory.write(
                    Array(origin.utf8).span.bytes,
                    in: start..<Layout.host(index) + Layout.hostSize
                )
                length.store(UInt64(written))
            }
            return index
        }
        return Self.hostCapacity
    }

    /// Says that a slot is in use, so that readers look at it.
    func use(_ slot: Int) {
        let word = memory.word(at: Layout.used(slot / 64))
        while case let mask = word.load(), mask & 1 << UInt64(slot % 64) == 0 {
            if word.replace(mask, by: mask | 1 << UInt64(slot % 64)) { return }
        }
    }

    func forEachUsedSlot(_ body: (Int) -> Void) {
        for group in 0..<(slots + 63) / 64 {
            var mask = memory.word(at: Layout.used(group)).load()
            while mask != 0 {
                let slot = group * 64 + mask.trailingZeroBitCount
                mask &= mask &- 1
                if slot < slots { body(slot) }
            }
        }
    }

    /// All numbers as they are now, of the hosts that were called.
    public func read(at now: MonotonicInstant = .now) -> [HostReading] {
        (0...Self.hostCapacity).compactMap { index in
            var name = Self.otherHosts
            if index < Self.hostCapacity {
                guard memory.word(at: Layout.host(index)).load() != 0 else { return nil }
                let start = Layout.host(index) + 16
                let length = min(Int(clamping: memory.word(at: start - 8).load()), Layout.hostSize - 16)
                name = memory.text(in: start..<start + length)
            }
            var reading = HostReading(host: name)
            forEachUsedSlot { slot in
                func number(_ offset: Int) -> Int {
                    Int(clamping: memory.word(at: Layout.cell(index, slot) + offset).loadRelaxed())
                }
                reading.attempts += number(Layout.attempts)
                reading.retries += number(Layout.retries)
                reading.refusals += number(Layout.refusals)
                reading.duration += .nanoseconds(number(Layout.duration))
                for (kind, failure) in HostReading.Failure.allCases.enumerated() {
                    let count = number(Layout.failures + kind * 8)
                    if count > 0 { reading.failures[failure, default: 0] += count }
                }
                for bucket in reading.buckets.indices { reading.buckets[bucket] += number(Layout.buckets + bucket * 8) }
            }
            guard reading.attempts + reading.refusals > 0 else { return nil }
            if index < Self.hostCapacity { reading.circuit = circuit(index).state(at: now) }
            return reading
        }
    }

    func circuit(_ host: Int) -> Circuit {
        var circuit = Circuit()
        forEachUsedSlot { slot in
            func instant(_ offset: Int) -> MonotonicInstant {
                let word = memory.word(at: Layout.cell(host, slot) + offset)
                return MonotonicInstant(nanoseconds: Int64(truncatingIfNeeded: word.load()))
            }
            circuit.openUntil = max(circuit.openUntil, instant(Layout.openUntil))
            circuit.closedAt = max(circuit.closedAt, instant(Layout.closedAt))
        }
        return circuit
    }

    /// What all processes' calls to a host came to in the last ten seconds, without those before a moment.
    func window(_ host: Int, since start: MonotonicInstant, at now: MonotonicInstant) -> CallWindow {
        var window = CallWindow()
        let second = WindowWord.second(now)
        // The second of the start is left out: what happened before it and in it is in one count.
        let first = max(
            start.nanoseconds == 0 ? 0 : WindowWord.second(start) + 1,
            second - Int64(Layout.seconds) + 1
        )
        forEachUsedSlot { slot in
            for offset in 0..<Layout.seconds {
                let place = Layout.cell(host, slot) + Layout.window + offset * 8
                let word = WindowWord(bits: memory.word(at: place).loadRelaxed())
                guard let age = word.age(at: second), second - age >= first else { continue }
                window.successes += word.successes
                window.failures += word.failures
                window.retries += word.retries
            }
        }
        return window
    }

    /// Where everything is, in bytes: what concerns all; which slots were ever used, as bits; the hosts, each a hash, a length
    /// and a name; the slots, each with a cell for each host.
    enum Layout {
        /// Changes whenever a reader of the former layout would be misled.
        static let currentVersion: UInt64 = 2
        static let version = 0
        static let slots = 8
        static func used(_ group: Int) -> Int { 64 + group * 8 }
        static let firstHost = 64 + 65_536 / 8
        static let hostSize = 256
        static func host(_ index: Int) -> Int { firstHost + index * hostSize }
        private static let firstCell = (firstHost + hostCapacity * hostSize + 4095) / 4096 * 4096
        static func cell(_ host: Int, _ slot: Int) -> Int {
            firstCell + (slot * (hostCapacity + 1) + host) * cellSize
        }
        static func size(_ slots: Int) -> Int { cell(0, slots) }

        /// How long a window is.
        static let seconds = 10

        // In a cell.
        static let attempts = 0
        static let retries = 8
        static let refusals = 16
        static let duration = 24
        static let openUntil = 32
        static let closedAt = 40
        static let probeUntil = 48
        static let failures = 56
        static let buckets = failures + HostReading.Failure.allCases.count * 8
        static let window = buckets + (HostReading.bounds.count + 1) * 8
        static let cellSize = (window + seconds * 8 + 63) / 64 * 64
    }
}

/// One second of a host's calls in one process, in a word that is written as a whole: the second, and three counts that stop
/// at their largest.
struct WindowWord {
    var bits: UInt64

    static let most = 0x3FFF
    private static let stampMask: Int64 = 0x3F_FFFF

    static func second(_ instant: MonotonicInstant) -> Int64 { instant.nanoseconds / 1_000_000_000 }

    init(bits: UInt64) { self.bits = bits }

    init(second: Int64) {
        // A word of zero was never written.
        bits = UInt64((second & Self.stampMask) ^ Self.stampMask) << 42
    }

    private func count(_ shift: UInt64) -> Int { Int(bits >> shift & UInt64(Self.most)) }
    var successes: Int { count(0) }
    var failures: Int { count(14) }
    var retries: Int { count(28) }

    /// How many seconds before; `nil` when it was never written. The stamp comes round after 48 days.
    func age(at second: Int64) -> Int64? {
        guard bits != 0 else { return nil }
        let stamp = Int64(bits >> 42) ^ Self.stampMask
        return ((second & Self.stampMask) &- stamp) & Self.stampMask
    }

    enum Count: UInt64 {
        case success = 0
        case failure = 14
        case retry = 28
    }

    func adding(_ count: Count, at second: Int64) -> WindowWord {
        var word = age(at: second) == 0 ? self : WindowWord(second: second)
        if word.count(count.rawValue) < Self.most { word.bits += 1 << count.rawValue }
        return word
    }
}
