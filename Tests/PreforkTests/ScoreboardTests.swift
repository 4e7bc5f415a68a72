import Glibc
import Linux
import Synchronization
import Testing

@testable import Prefork

@Suite("Scoreboard")
struct ScoreboardTests {
    private func begin(
        _ slot: WorkerSlot,
        lane: Int = 0,
        _ verb: String,
        _ object: String,
        id: String = "id",
        at: Int64 = 5
    ) {
        let (verb, object, id) = (Array(verb.utf8), Array(object.utf8), Array(id.utf8))
        slot.lane(lane).begin(
            verb.span.bytes,
            object.span.bytes,
            id: id.span.bytes,
            startedAt: MonotonicInstant(nanoseconds: at),
            deadline: MonotonicInstant(nanoseconds: at + 10)
        )
    }

    @Test("a fresh slot is vacant and idle")
    func fresh() throws {
        let slot = try Scoreboard().slot(0)
        #expect(slot.phase == .vacant)
        #expect(slot.pid == 0)
        #expect(slot.lane(0).blackBox == nil)
        #expect(slot.requests == 0)
        #expect(slot.lane(0).backtrace.isEmpty)
    }

    @Test("the black box holds the request while it is served, and only then")
    func blackBox() throws {
        let slot = try Scoreboard().slot(3)
        begin(slot, "GET", "/v1/rooms/101", id: "req-7")
        #expect(slot.lane(0).blackBox?.label == "GET /v1/rooms/101")
        #expect(slot.lane(0).blackBox?.id == "req-7")
        #expect(slot.lane(0).blackBox?.startedAt?.nanoseconds == 5)
        #expect(slot.lane(0).blackBox?.deadline?.nanoseconds == 15)
        #expect(slot.lane(0).blackBox?.isTorn == false)
        #expect(slot.lane(0).busySince?.nanoseconds == 5)
        slot.lane(0).end()
        #expect(slot.lane(0).blackBox == nil)
        #expect(slot.lane(0).busySince == nil)
        #expect(slot.requests == 1)
    }

    @Test("what is too long is cut, and a character that was cut in two does no harm")
    func cut() throws {
        let slot = try Scoreboard().slot(0)
        begin(slot, "GET", "/" + String(repeating: "é", count: 300), id: String(repeating: "x", count: 300))
        let box = try #require(slot.lane(0).blackBox)
        #expect(box.label.utf8.count <= 202)
        #expect(box.label.hasPrefix("GET /éé"))
        #expect(box.id.count == 128)
        begin(slot, String(repeating: "V", count: 300), "/")
        #expect(slot.lane(0).blackBox?.label == String(repeating: "V", count: 200))
        begin(slot, "", "")
        #expect(slot.lane(0).blackBox?.label == " ")
    }

    @Test("slots do not touch each other, up to the last")
    func neighbours() throws {
        let board = try Scoreboard()
        for index in [0, 1, 2, 510, 511] { begin(board.slot(index), "GET", "/\(index)", id: "\(index)") }
        for index in [0, 1, 2, 510, 511] {
            #expect(board.slot(index).lane(0).blackBox?.label == "GET /\(index)")
            #expect(board.slot(index).lane(0).blackBox?.id == "\(index)")
        }
        #expect(board.slot(3).lane(0).blackBox == nil)
        #expect(!board.isStopping)
    }

    @Test(
        "the parts of a slot do not overlap, and hot words do not share a cache line with cold ones",
        arguments: [1, 16]
    )
    func layout(lanes: Int) {
        typealias Layout = ScoreboardLayout
        #expect(Layout.stopping + 8 <= Layout.slotsInUse && Layout.slotsInUse + 8 <= Layout.firstSlot)
        #expect(Layout.Worker.requestsWhenDraining + 8 <= 64)
        #expect(Layout.Counters.connections == 64 && Layout.Counters.waiting + 8 <= Layout.slotSize)
        #expect(Layout.BlackBox.label == Layout.BlackBox.idLength + 8)
        #expect(Layout.BlackBox.id + Layout.BlackBox.idRoom == Layout.BlackBox.requests)
        #expect(Layout.BlackBox.requests + 8 <= Layout.thread)
        #expect(Layout.thread + 8 <= Layout.Backtrace.count)
        #expect(Layout.Backtrace.range.upperBound <= Layout.laneSize)
        #expect([Layout.firstLane, Layout.laneSize, Layout.thread].allSatisfy { $0.isMultiple(of: 64) })
        let layout = Layout(lanes: lanes)
        #expect(Layout.slotSize.isMultiple(of: 64) && Layout.firstSlot.isMultiple(of: 4096))
        #expect(Layout.firstLane == Layout.slot(Scoreboard.capacity - 1).upperBound)
        #expect(layout.size == layout.lanes(of: Scoreboard.capacity - 1).upperBound)
        #expect(layout.size == Layout.firstSlot + Scoreboard.capacity * (128 + lanes * 1024))
    }

    @Test("a worker's threads each have a black box, and the worker's requests are those of all")
    func lanes() throws {
        let board = try Scoreboard(lanes: 4)
        let (slot, neighbour) = (board.slot(6), board.slot(7))
        for lane in 0..<4 { begin(slot, lane: lane, "GET", "/\(lane)", id: "r-\(lane)", at: Int64(10 - lane)) }
        #expect(slot.requestsInFlight.map(\.label) == ["GET /0", "GET /1", "GET /2", "GET /3"])
        #expect(neighbour.requestsInFlight.isEmpty && neighbour.requests == 0)
        slot.lane(1).end()
        slot.lane(3).end()
        begin(slot, lane: 3, "POST", "/again")
        #expect(slot.requestsInFlight.map(\.label) == ["GET /0", "GET /2", "POST /again"])
        #expect(slot.requests == 2)
        slot.beginDraining()
        slot.lane(0).end()
        #expect(slot.requestsWhileDraining == 1)
    }

    @Test("a thread that is asked writes down where it is into its own lane, and no other thread does")
    func backtraces() throws {
        let slot = try Scoreboard(lanes: 2).slot(0)
        let isAttached = Flag()
        // Asked for a backtrace it stops for ever, as its process would: nobody joins it.
        let thread = try Thread.start {
            // Of the test runner's thread that started this one it has inherited that nearly all signals are blocked.
            SignalSet.none.block()
            slot.lane(1).attachThread()
            isAttached.set()
            while true { pause() }
        }
        while !isAttached.isSet { usleep(100) }
        #expect(slot.lane(0).thread == nil)
        #expect(slot.lane(1).thread?.number == thread.number)
        Backtrace.warmUp()
        Backtrace.request(of: [thread])
        let end = MonotonicInstant.now + .seconds(30)
        while slot.lane(1).backtrace.isEmpty && .now < end { usleep(100) }
        #expect(SymbolTable.names(of: slot.lane(1).backtrace).contains { $0.contains("pause") })
        #expect(slot.lane(0).backtrace.isEmpty)
        slot.lane(1).detachThread()
        #expect(slot.lane(1).thread == nil)
    }

    @Test("a worker that died while it wrote leaves an odd number, and its black box can be read all the same")
    func oddSequence() throws {
        let board = try Scoreboard()
        let slot = board.slot(1)
        begin(slot, "POST", "/v1/bookings", id: "r")
        let sequence = board.memory.word(
            at: board.layout.lanes(of: 1).lowerBound + ScoreboardLayout.BlackBox.sequence
        )
        sequence.store(sequence.load() | 1)
        #expect(slot.lane(0).blackBox?.isTorn == true)
        #expect(slot.lane(0).blackBox?.label == "POST /v1/bookings")
        // The next worker in this slot is not confused by it.
        begin(slot, "GET", "/")
        #expect(slot.lane(0).blackBox?.isTorn == false)
        #expect(sequence.load().isMultiple(of: 2))
    }

    @Test("a reader never sees parts of two requests, however fast they follow each other")
    func seqlock() throws {
        let board = try Scoreboard()
        let lane = board.slot(0).lane(0)
        let isDone = Flag()
        let writer = try Thread.start {
            var turn: Int64 = 1
            let zero = UInt8(ascii: "a")
            while !isDone.isSet {
                let letter = zero + UInt8(turn % 26)
                let text = [UInt8](repeating: letter, count: 20 + Int(turn % 60))
                lane.begin(
                    text.span.bytes,
                    text.span.bytes,
                    id: text.span.bytes,
                    startedAt: MonotonicInstant(nanoseconds: turn),
                    deadline: MonotonicInstant(nanoseconds: turn)
                )
                turn += 1
                // A worker writes in bursts; one that never paused would leave a slow reader no moment to finish in.
                if turn.isMultiple(of: 8) { usleep(50) }
            }
        }
        var seen = 0
        let end = MonotonicInstant.now + .seconds(30)
        while seen < 2_000, MonotonicInstant.now < end {
            guard let box = lane.blackBox, !box.isTorn else { continue }
            seen += 1
            let letters = Set(box.label.utf8).subtracting([UInt8(ascii: " ")]).union(box.id.utf8)
            guard letters.count == 1, box.startedAt == box.deadline, box.label.utf8.count == 2 * box.id.utf8.count + 1
            else {
                Issue.record("torn: \(box)")
                break
            }
        }
        isDone.set()
        writer.join()
        #expect(seen == 2_000)
    }

    @Test("a worker goes from booting to ready to draining, and draining is final")
    func phases() throws {
        let slot = try Scoreboard().slot(0)
        slot.prepare(number: 2, generation: 3)
        #expect(slot.phase == .booting && slot.number == 2 && slot.generation == 3)
        slot.claim(pid: 77)
        slot.becomeReady()
        #expect(slot.phase == .ready && slot.readyAt != nil && slot.pid == 77)
        begin(slot, "GET", "/")
        slot.lane(0).end()
        slot.beginDraining()
        begin(slot, "GET", "/")
        slot.lane(0).end()
        #expect(slot.requestsWhileDraining == 1)
        slot.becomeReady()
        #expect(slot.phase == .draining)
        slot.prepare(number: 1, generation: 4)
        #expect(slot.pid == 0 && slot.requests == 0 && slot.readyAt == nil)
    }

    @Test("a worker that was told to leave while it booted is known to have become ready after all")
    func readyTooLate() throws {
        let slot = try Scoreboard().slot(0)
        slot.prepare(number: 1, generation: 1)
        slot.beginDraining()
        slot.becomeReady()
        #expect(slot.phase == .draining)
        #expect(slot.readyAt != nil)
    }

    @Test("asking for a replacement is news once")
    func replacement() throws {
        let slot = try Scoreboard().slot(0)
        #expect(slot.requestReplacement())
        #expect(!slot.requestReplacement())
        #expect(slot.wantsReplacement)
    }

    @Test("another mapping of the same memory shows the same, as it does to a program after an upgrade")
    func shared() throws {
        let board = try Scoreboard()
        begin(board.slot(9), "GET", "/")
        let descriptor = FileDescriptor(owning: dup(board.memory.descriptor))
        let other = try SharedMemory(mapping: descriptor, size: board.memory.size)
        #expect(WorkerSlot(index: 9, memory: other, layout: board.layout).lane(0).blackBox?.label == "GET /")
    }
}

/// A flag between threads.
final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
