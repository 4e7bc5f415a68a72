public import Linux
import Synchronization

/// Where processes hand ended spans over to the one that exports them, in memory that they share: a ring for each slot.
///
/// It is made before the first fork. One process at a time writes in a slot, one reads all of them; neither waits for the other. A
/// ring that is full takes nothing more, and counts that. A record is there once the writer has moved the ring's head on, which
/// is one word: a process that dies before has handed nothing over.
///
/// Only what is used costs memory.
public final class SpanTable: Sendable {
    /// What /proc shows for its memory.
    public static let name = "spans"

    /// What one ring holds, in bytes: some six hundred spans, which is more than a busy worker ends until somebody looks.
    public static let ringSize = 256 * 1024
    /// What one record has, about, in bytes.
    private static let usualRecord = 400
    /// What one record may have, in bytes.
    static let longestRecord = 16 * 1024

    /// What it is kept in, for who hands it to the next program.
    public let memory: SharedMemory
    /// Rung by who has filled half of its ring, so that the reader does not come too late.
    public let bell: EventFD
    private let slots: Int

    private static let currentVersion: UInt64 = 1
    private static let version = 0
    private static let slotCount = 8
    private static let reportedCount = 16
    private static let firstHead = 4096
    /// Of a slot, a cache line each: how much was ever written, and counted as dropped, by its writers; how much was read.
    private static let headSize = 256
    private static let written = 0
    private static let dropped = 8
    private static let read = 128
    /// Before each record: a mark and its length.
    private static let mark: UInt64 = 0x5041_4E41
    private static let prefix = 8

    private static func size(slots: Int) -> Int { ring(slots, of: slots) }
    private static func ring(_ slot: Int, of slots: Int) -> Int {
        (firstHead + slots * headSize + 4095) / 4096 * 4096 + slot * ringSize
    }

    /// A new one.
    /// - Parameter slots: how many processes may write at a time.
    public init(slots: Int) throws(SystemError) {
        precondition((1...65_536).contains(slots), "a table of \(slots) slots")
        self.slots = slots
        bell = try EventFD()
        memory = try SharedMemory(Self.name, size: Self.size(slots: slots))
        memory.word(at: Self.slotCount).storeRelaxed(UInt64(slots))
        memory.word(at: Self.version).store(Self.currentVersion)
    }

    /// That of a former program. `nil` when it is laid out in another way.
    public init?(in memory: SharedMemory, slots: Int) {
        guard memory.size >= Self.size(slots: slots), memory.word(at: Self.version).load() == Self.currentVersion,
            memory.word(at: Self.slotCount).load() == UInt64(slots), let bell = try? EventFD()
        else { return nil }
        self.memory = memory
        self.slots = slots
        self.bell = bell
    }

    private func word(_ offset: Int, _ slot: Int) -> SharedWord {
        precondition(slot >= 0 && slot < slots, "there is no slot \(slot)")
        return memory.word(at: Self.firstHead + slot * Self.headSize + offset)
    }

    /// Records begin at words, whatever somebody who has gone mad wrote there.
    private static func aligned(_ position: UInt64) -> UInt64 { position & ~7 }

    // MARK: - Writing

    /// Hands a record over, or counts it as dropped. One thread at a time may write in a slot.
    func append(_ record: RawSpan, inSlot slot: Int) {
        let head = word(Self.written, slot)
        let position = Self.aligned(head.loadRelaxed())
        let length = Self.prefix + (record.byteCount + 7) / 8 * 8
        let used = position &- Self.aligned(word(Self.read, slot).load())
        guard record.byteCount <= Self.longestRecord, used <= UInt64(Self.ringSize),
            Self.ringSize - Int(used) >= length
        else {
            word(Self.dropped, slot).add(1)
            return
        }
        let start = Self.ring(slot, of: slots)
        let place = Int(position % UInt64(Self.ringSize))
        memory.word(at: start + place).storeRelaxed(Self.mark << 32 | UInt64(record.byteCount))
        let first = (place + Self.prefix) % Self.ringSize
        let untilEnd = min(record.byteCount, Self.ringSize - first)
        _ = memory.write(record.extracting(0..<untilEnd), in: start + first..<start + first + untilEnd)
        if untilEnd < record.byteCount {
            let rest = record.extracting(untilEnd..<record.byteCount)
            _ = memory.write(rest, in: start..<start + rest.byteCount)
        }
        head.store(position &+ UInt64(length))
        let half = UInt64(Self.ringSize / 2)
        if used < half, used + UInt64(length) >= half { bell.signal() }
    }

    // MARK: - Reading

    /// How many spans found no room so far.
    public var dropped: Int {
        (0..<slots).reduce(0) { $0 + min(Int(clamping: word(Self.dropped, $1).loadRelaxed()), Self.mostDropped) }
    }

    /// More than any slot can have dropped, for a number that somebody who has gone mad wrote.
    private static let mostDropped = 1 << 40

    /// How many of those the reader has told of: its successor goes on from there. The reader writes it.
    public var reported: Int {
        get { Int(clamping: memory.word(at: Self.reportedCount).loadRelaxed()) }
        set { memory.word(at: Self.reportedCount).storeRelaxed(UInt64(max(0, newValue))) }
    }

    /// Takes what was handed over since the last time. Of two processes that do so at the same time, as in an upgrade, one gets
    /// what is in a ring.
    /// - Returns: About how many spans were lost because a ring held what is no record.
    public func take(_ use: (SpanRecord) -> Void) -> Int {
        var lost = 0
        for slot in 0..<slots {
            let end = Self.aligned(word(Self.written, slot).load())
            let tail = word(Self.read, slot)
            let former = tail.loadRelaxed()
            let start = Self.aligned(former)
            guard end != start else { continue }
            var records: [SpanRecord] = []
            let isWhole = take(slot, from: start, to: end) { records.append($0) }
            guard tail.replace(former, by: end) else { continue }
            records.forEach(use)
            let taken = records.count
            if !isWhole { lost += max(1, Int(min(end &- start, UInt64(Self.ringSize))) / Self.usualRecord - taken) }
        }
        return lost
    }

    private func take(_ slot: Int, from start: UInt64, to end: UInt64, _ use: (SpanRecord) -> Void) -> Bool {
        guard end &- start <= UInt64(Self.ringSize) else { return false }
        let ring = Self.ring(slot, of: slots)
        var position = start
        while position != end {
            let left = Int(end &- position)
            let place = Int(position % UInt64(Self.ringSize))
            guard left >= Self.prefix else { return false }
            let head = memory.word(at: ring + place).loadRelaxed()
            let length = Int(head & 0xFFFF_FFFF)
            guard head >> 32 == Self.mark, length <= Self.longestRecord, Self.prefix + (length + 7) / 8 * 8 <= left
            else { return false }
            // A copy: whoever writes where it must not cannot change what was checked.
            guard let record = SpanRecord(copy(ring, (place + Self.prefix) % Self.ringSize, length)) else {
                return false
            }
            use(record)
            position &+= UInt64(Self.prefix + (length + 7) / 8 * 8)
        }
        return true
    }

    private func copy(_ ring: Int, _ start: Int, _ length: Int) -> [UInt8] {
        let untilEnd = min(length, Self.ringSize - start)
        var bytes = unsafe [UInt8](memory.bytes(in: ring + start..<ring + start + untilEnd))
        if untilEnd < length { bytes += unsafe [UInt8](memory.bytes(in: ring..<ring + length - untilEnd)) }
        return bytes
    }
}
