import Linux
import Testing

@Suite("The clock")
struct ClockTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test("durations without end stay inside the clock, also one after the other")
    func clamping() {
        let late = start + .seconds(Int64.max)
        #expect(late > start + .seconds(2_000_000_000))
        #expect(late + .seconds(Int64.max) + .seconds(Int64.max) + .seconds(Int64.max) >= late)
        #expect(start - .seconds(Int64.max) < start)
        #expect(start - (start + .seconds(1)) == .seconds(-1))
        #expect(Duration.seconds(Int64.min).nanoseconds < 0)
        #expect(Duration.milliseconds(-1500).nanoseconds == -1_500_000_000)
    }

    @Test("an instant is the same moment on Swift's clock that does not count a suspension")
    func suspendingClock() {
        let before = SuspendingClock.now
        let between = MonotonicInstant.now.suspendingClockInstant
        let after = SuspendingClock.now
        // Where the clock began is found by two reads, and what passes between these is the error.
        #expect(before - .milliseconds(50) < between && between < after + .milliseconds(50))
    }

    @Test("a thread that works is charged processor time, and hardly more than has passed")
    func processorTime() {
        let (used, now) = (ProcessorTime.ofThisThread, MonotonicInstant.now)
        var sum: UInt64 = 0
        while ProcessorTime.ofThisThread == used { sum &+= 1 }
        let charged = ProcessorTime.ofThisThread - used
        #expect(charged > 0)
        #expect(charged <= (MonotonicInstant.now - now).nanoseconds + 20_000_000)
    }
}
