public import Linux
import Values

/// How handlers spend their time, by route, in memory that all processes of a service share.
///
/// It is made before the first fork. Each thread that runs handlers adds to a lane of its own, so nobody waits for anybody.
/// Its numbers never go back: when a worker has left, the next one in its slot goes on adding, and so does the program that
/// takes over in an upgrade, whose routes find the cells of their names. A reader takes differences of two readings. A worker that dies half way through an addition leaves one request's times incomplete.
///
/// Only the pages that are used cost memory: some 2 KB for each thread that ever ran a handler.
public final class HandlerTimesTable: Sendable {
    /// What /proc shows for its memory.
    public static let name = "handler-times"

    /// How many routes have a cell of their own, of all programs that have used the table. Requests of those behind, and what no route answers, are counted together.
    public static let routeCapacity = 64

    /// Under which name that is reported.
    public static let otherRoutes = "(other)"

    /// What it is kept in, for who hands it to the next program.
    public let memory: SharedMemory
    private let layout: Layout

    /// A new one, all zero.
    /// - Parameters:
    ///   - slots: how many workers may be there at a time.
    ///   - lanes: how many threads a worker may have that run handlers, at most 64.
    public init(slots: Int, lanes: Int) throws(SystemError) {
        precondition(slots > 0 && (1...64).contains(lanes), "a table of \(slots) slots and \(lanes) lanes")
        layout = Layout(slots: slots, lanes: lanes)
        memory = try SharedMemory(Self.name, size: layout.size)
        memory.word(at: Layout.slots).storeRelaxed(UInt64(slots))
        memory.word(at: Layout.lanes).storeRelaxed(UInt64(lanes))
        memory.word(at: Layout.madeAt).storeRelaxed(UInt64(MonotonicInstant.now.nanoseconds))
        memory.word(at: Layout.version).store(Layout.currentVersion)
    }

    /// A former program's, to go on with. `nil` when it is laid out in another way.
    public convenience init?(in memory: SharedMemory, slots: Int, lanes: Int) {
        self.init(reading: memory)
        guard layout.slots == slots, layout.lanes == lanes else { return nil }
    }

    /// Another program's, to be read only. `nil` when it is laid out in another way.
    public init?(reading memory: SharedMemory) {
        func number(_ offset: Int) -> Int { Int(clamping: memory.word(at: offset).load()) }
        guard memory.size >= Layout.firstName, memory.word(at: Layout.version).load() == Layout.currentVersion,
            (1...65_536).contains(number(Layout.slots)), (1...64).contains(number(Layout.lanes))
        else { return nil }
        layout = Layout(slots: number(Layout.slots), lanes: number(Layout.lanes))
        guard memory.size >= layout.size else { return nil }
        self.memory = memory
    }

    /// The memory, for who reads it from another program.
    public var descriptor: CInt { memory.descriptor }

    /// When it was made.
    public var madeAt: MonotonicInstant {
        MonotonicInstant(nanoseconds: Int64(truncatingIfNeeded: memory.word(at: Layout.madeAt).load()))
    }

    // MARK: - Writing

    /// The cells of routes by their names, such as `GET /v1/rooms/{id}`, the same in all processes. Those for which there is no
    /// more room share one.
    public func cells(of routes: [String]) -> [Int] { routes.map { cell(of: $0) } }

    /// A cell belongs to the name whose hash is in it. Whoever finds no name beside it writes it: all write the same.
    private func cell(of route: String) -> Int {
        var hash = FNV1a<UInt64>()
        hash.combine(route.utf8)
        let wanted = hash.value | 1
        for index in 0..<Self.routeCapacity {
            let owner = memory.word(at: Layout.name(index))
            // They are taken in turn.
            if owner.load() == 0, owner.replace(0, by: wanted) { write(route, at: index) }
            guard owner.load() == wanted else { continue }
            if memory.word(at: Layout.name(index) + 8).load() == 0 { write(route, at: index) }
            return index
        }
        return Self.routeCapacity
    }

    private func write(_ route: String, at index: Int) {
        var name = route
        // Not in the middle of a character: one that is cut is left out.
        while name.utf8.count > Layout.nameSize - 16 { name.removeLast() }
        let place = Layout.name(index)
        let length = unsafe memory.write(Array(name.utf8).span.bytes, in: place + 16..<place + Layout.nameSize)
        memory.word(at: place + 8).store(UInt64(length))
    }

    /// Where one thread of a worker adds what its handlers took. One thread at a time may. Take it once and keep it.
    public func lane(_ lane: Int, ofSlot slot: Int) -> HandlerTimesLane {
        precondition(
            slot >= 0 && slot < layout.slots && lane >= 0 && lane < layout.lanes,
            "there is no lane \(lane) of slot \(slot)"
        )
        // So that a reader need not look at, and thereby touch, what nobody ever used.
        let used = memory.word(at: layout.usedLanes(slot))
        while case let lanes = used.load(), lanes & 1 << UInt64(lane) == 0 {
            if used.replace(lanes, by: lanes | 1 << UInt64(lane)) { break }
        }
        return HandlerTimesLane(memory: memory, start: layout.lane(lane, slot))
    }

    /// What the service may use and has now, written by the supervisor for readers outside.
    public var pool: PoolState {
        get {
            func number(_ offset: Int) -> Int { Int(clamping: memory.word(at: Layout.pool + offset).load()) }
            return PoolState(
                size: PoolSize(workers: number(0), threads: number(8)),
                limits: PoolLimits(processors: Double(number(16)) / 1000, workers: number(24), threads: number(32))
            )
        }
        set {
            func set(_ value: Int, _ offset: Int) {
                memory.word(at: Layout.pool + offset).store(UInt64(clamping: value))
            }
            set(newValue.size.workers, 0)
            set(newValue.size.threads, 8)
            set(Int((newValue.limits.processors * 1000).rounded()), 16)
            set(newValue.limits.workers, 24)
            set(newValue.limits.threads, 32)
        }
    }

    // MARK: - Reading

    /// All numbers as they are now, by cell; the last one's are those of all other routes.
    public func read(at time: MonotonicInstant = .now) -> HandlerTimesReading {
        var times = [HandlerTimes](repeating: HandlerTimes(), count: Layout.cells)
        for slot in 0..<layout.slots {
            var lanes = memory.word(at: layout.usedLanes(slot)).load()
            while lanes != 0 {
                let start = layout.lane(lanes.trailingZeroBitCount, slot)
                lanes &= lanes &- 1
                for route in 0..<Layout.cells { times[route] = times[route] + cell(start + route * Layout.cellSize) }
            }
        }
        return HandlerTimesReading(time: time, names: names, times: times)
    }

    private func cell(_ start: Int) -> HandlerTimes {
        func number(_ offset: Int) -> Int { Int(clamping: memory.word(at: start + offset).loadRelaxed()) }
        return HandlerTimes(requests: number(0), wall: number(8), processor: number(16), runQueue: number(24))
    }

    /// Of all cells.
    private var names: [String] {
        (0..<Layout.cells).map { index in
            if index == Self.routeCapacity { return Self.otherRoutes }
            let place = Layout.name(index)
            let length = min(Int(clamping: memory.word(at: place + 8).load()), Layout.nameSize - 16)
            return length == 0 ? "route \(index)" : memory.text(in: place + 16..<place + 16 + length)
        }
    }

    /// Where everything is, in bytes: what concerns all; the names, each behind its hash and length; which lanes of each slot were
    /// ever used, as bits; the lanes, slot by slot, each with a cell for each route.
    private struct Layout: Sendable {
        /// Changes whenever a reader of the former layout would be misled.
        static let currentVersion: UInt64 = 2

        static let version = 0
        static let slots = 8
        static let lanes = 16
        static let madeAt = 24
        static let pool = 128
        static let firstName = 4096
        static let nameSize = 128
        static let cellSize = HandlerTimesLane.cellSize
        /// The last is for all other routes.
        static let cells = routeCapacity + 1
        /// Threads do not share cache lines.
        static let laneSize = (cells * cellSize + 63) / 64 * 64

        let slots: Int
        let lanes: Int

        static func name(_ route: Int) -> Int { firstName + route * nameSize }
        private static let firstMask = firstName + routeCapacity * nameSize
        func usedLanes(_ slot: Int) -> Int { Self.firstMask + slot * 8 }
        private var firstLane: Int { (Self.firstMask + slots * 8 + 4095) / 4096 * 4096 }
        func lane(_ lane: Int, _ slot: Int) -> Int { firstLane + (slot * lanes + lane) * Self.laneSize }
        var size: Int { lane(0, slots) }
    }
}

/// Where one thread adds what its handlers took.
public struct HandlerTimesLane: Sendable {
    /// Four words: how many handlers, and their three times.
    fileprivate static let cellSize = 32

    private let memory: SharedMemory
    private let start: Int

    fileprivate init(memory: SharedMemory, start: Int) {
        self.memory = memory
        self.start = start
    }

    /// A handler has run. All times are in nanoseconds; it takes some of them itself.
    /// - Parameters:
    ///   - cell: its route's (``HandlerTimesTable/cells(of:)``); any other number when there was none.
    ///   - wall: from its beginning to its end.
    ///   - processor: how long it ran on a processor.
    ///   - runQueue: how long it was ready to run and had to wait for a processor.
    public func add(cell: Int, wall: Int64, processor: Int64, runQueue: Int64) {
        let capacity = HandlerTimesTable.routeCapacity
        let cell = start + (cell >= 0 && cell < capacity ? cell : capacity) * Self.cellSize
        increase(cell, by: 1)
        increase(cell + 8, by: wall)
        increase(cell + 16, by: processor)
        increase(cell + 24, by: runQueue)
    }

    @inline(__always)
    private func increase(_ offset: Int, by value: Int64) {
        guard value > 0 else { return }
        let word = memory.word(at: offset)
        word.storeRelaxed(word.loadRelaxed() &+ UInt64(value))
    }
}
