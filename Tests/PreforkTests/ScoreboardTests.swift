import Glibc
import Synchronization
import Testing

@testable import Prefork

@Suite("Scoreboard")
struct ScoreboardTests {
    private func begin(_ slot: WorkerSlot, _ verb: String, _ object: String, id: String = "id", at: UInt64 = 5) {
        let (verb, object, id) = (Array(verb.utf8), Array(object.utf8), Array(id.utf8))
        slot.begin(
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
        #expect(slot.blackBox == nil)
        #expect(slot.requests == 0)
        #expect(slot.backtrace.isEmpty)
    }

    @Test("the black box holds the request while it is served, and only then")
    func blackBox() throws {
        let slot = try Scoreboard().slot(3)
        begin(slot, "GET", "/v1/rooms/101", id: "req-7")
        #expect(slot.blackBox?.label == "GET /v1/rooms/101")
        #expect(slot.blackBox?.id == "req-7")
        #expect(slot.blackBox?.startedAt?.nanoseconds == 5)
        #expect(slot.blackBox?.deadline?.nanoseconds == 15)
        #expect(slot.blackBox?.isTorn == false)
        #expect(slot.busySince?.nanoseconds == 5)
        slot.end()
        #expect(slot.blackBox == nil)
        #expect(slot.busySince == nil)
        #expect(slot.requests == 1)
    }

    @Test("what is too long is cut, and a character that was cut in two does no harm")
    func cut() throws {
        let slot = try Scoreboard().slot(0)
        begin(slot, "GET", "/" + String(repeating: "é", count: 300), id: String(repeating: "x", count: 300))
        let box = try #require(slot.blackBox)
        #expect(box.label.utf8.count <= 202)
        #expect(box.label.hasPrefix("GET /éé"))
        #expect(box.id.count == 128)
        begin(slot, String(repeating: "V", count: 300), "/")
        #expect(slot.blackBox?.label == String(repeating: "V", count: 200))
        begin(slot, "", "")
        #expect(slot.blackBox?.label == " ")
    }

    @Test("slots do not touch each other, up to the last")
    func neighbours() throws {
        let board = try Scoreboard()
        for index in [0, 1, 2, 510, 511] { begin(board.slot(index), "GET", "/\(index)", id: "\(index)") }
        for index in [0, 1, 2, 510, 511] {
            #expect(board.slot(index).blackBox?.label == "GET /\(index)")
            #expect(board.slot(index).blackBox?.id == "\(index)")
        }
        #expect(board.slot(3).blackBox == nil)
        #expect(!board.isLeaving)
    }

    @Test("the parts of a slot do not overlap, and hot words do not share a cache line with cold ones")
    func layout() {
        typealias Layout = ScoreboardLayout
        #expect(Layout.Identity.requestsWhenDraining + 8 <= 64)
        #expect(Layout.Counters.requests == 64 && Layout.Counters.connections + 8 <= 128)
        #expect(Layout.BlackBox.sequence == 128)
        #expect(Layout.BlackBox.label == Layout.BlackBox.idLength + 8)
        #expect(Layout.BlackBox.id + Layout.BlackBox.idRoom <= Layout.Backtrace.count)
        #expect(Layout.Backtrace.addresses + 8 * Layout.Backtrace.room <= Layout.metrics)
        #expect(Layout.metrics < Layout.slotSize)
        #expect(Layout.slotSize.isMultiple(of: 64) && Layout.firstSlot.isMultiple(of: 4096))
    }

    @Test("a worker that died while it wrote leaves an odd number, and its black box can be read all the same")
    func oddSequence() throws {
        let board = try Scoreboard()
        let slot = board.slot(1)
        begin(slot, "POST", "/v1/bookings", id: "r")
        let sequence = board.memory.word(
            at: ScoreboardLayout.firstSlot + ScoreboardLayout.slotSize + ScoreboardLayout.BlackBox.sequence
        )
        sequence.store(sequence.load() | 1)
        #expect(slot.blackBox?.isTorn == true)
        #expect(slot.blackBox?.label == "POST /v1/bookings")
        // The next worker in this slot is not confused by it.
        begin(slot, "GET", "/")
        #expect(slot.blackBox?.isTorn == false)
        #expect(sequence.load().isMultiple(of: 2))
    }

    @Test("a reader never sees parts of two requests, however fast they follow each other")
    func seqlock() throws {
        let board = try Scoreboard()
        let slot = board.slot(0)
        let isDone = Flag()
        let writer = Thread {
            var turn: UInt64 = 1
            let zero = UInt8(ascii: "a")
            while !isDone.isSet {
                let letter = zero + UInt8(turn % 26)
                let text = [UInt8](repeating: letter, count: 20 + Int(turn % 60))
                slot.begin(
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
        let end = ContinuousClock.now + .seconds(30)
        while seen < 2_000, ContinuousClock.now < end {
            guard let box = slot.blackBox, !box.isTorn else { continue }
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
        slot.end()
        slot.beginDraining()
        begin(slot, "GET", "/")
        slot.end()
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
        let descriptor = dup(board.memory.descriptor)
        let other = try SharedMemory(mapping: descriptor, size: board.memory.size)
        #expect(WorkerSlot(index: 9, memory: other).blackBox?.label == "GET /")
    }
}

/// A flag between threads.
final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

/// A thread of its own, as a worker's body has it.
final class Thread {
    private var thread = pthread_t()

    private final class Job: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    init(_ body: @escaping @Sendable () -> Void) {
        let job = Unmanaged.passRetained(Job(body)).toOpaque()
        pthread_create(
            &thread,
            nil,
            {
                Unmanaged<Job>.fromOpaque($0!).takeRetainedValue().body()
                return nil
            },
            job
        )
    }

    func join() { pthread_join(thread, nil) }
}
