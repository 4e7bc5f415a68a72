public import Linux

/// How handlers spend their time, by route, in memory that all processes of a service share.
///
/// It is made before the first fork. Each thread that runs handlers adds to a lane of its own, so nobody waits for anybody.
/// Its numbers never go back: when a worker has left, the next one in its slot goes on adding, so a reader takes
/// differences of two readings. A worker that dies half way through an addition leaves one request's times incomplete.
///
/// Only the pages that are used cost memory: some 2 KB for each thread that ever ran a handler.
public final class HandlerTimesTable: Sendable {
    /// What /proc shows for its memory.
    public static let name = "handler-times"

    /// How many routes have a cell of their own. Requests of those behind, and what no route answers, are counted together.
    public static let routeCapacity = 64

    /// Under which name that is reported.
    public static let otherRoutes = "(other)"

    private let memory: SharedMemory
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

    /// Says what the routes are called, such as `GET /v1/rooms/{id}`, in the order of their indices. The first of all workers
    /// that does writes it down; they all have the same routes.
    public func name(_ routes: [String]) {
        guard memory.word(at: Layout.namesAreClaimed).replace(0, by: 1) else { return }
        for (index, name) in routes.prefix(Self.routeCapacity).enumerated() {
            let place = Layout.name(index)
            // Not in the middle of a character: one that is cut is left out.
            var name = name
            while name.utf8.count > Layout.nameSize - 8 { name.removeLast() }
            let length = unsafe memory.write(Array(name.utf8).span.bytes, in: place + 8..<place + Layout.nameSize)
            memory.word(at: place).storeRelaxed(UInt64(length))
        }
        memory.word(at: Layout.namedRoutes).store(UInt64(min(routes.count, Self.routeCapacity)))
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

    /// All numbers as they are now.
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
        let named = min(Int(clamping: memory.word(at: Layout.namedRoutes).load()), Self.routeCapacity)
        return (0..<Layout.cells).map { index in
            if index == Self.routeCapacity { return Self.otherRoutes }
            guard index < named else { return "route \(index)" }
            let place = Layout.name(index)
            let length = min(Int(clamping: memory.word(at: place).loadRelaxed()), Layout.nameSize - 8)
            return memory.text(in: place + 8..<place + 8 + length)
        }
    }

    /// Where everything is, in bytes: what concerns all; the names, each behind its length; which lanes of each slot were
    /// ever used, as bits; the lanes, slot by slot, each with a cell for each route.
    private struct Layout: Sendable {
        /// Changes whenever a reader of the former layout would be misled.
        static let currentVersion: UInt64 = 1

        static let version = 0
        static let slots = 8
        static let lanes = 16
        static let madeAt = 24
        static let namesAreClaimed = 64
        static let namedRoutes = 72
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
    ///   - route: the index of its route, -1 when there was none.
    ///   - wall: from its beginning to its end.
    ///   - processor: how long it ran on a processor.
    ///   - runQueue: how long it was ready to run and had to wait for a processor.
    public func add(route: Int, wall: Int64, processor: Int64, runQueue: Int64) {
        let capacity = HandlerTimesTable.routeCapacity
        let cell = start + (route >= 0 && route < capacity ? route : capacity) * Self.cellSize
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
