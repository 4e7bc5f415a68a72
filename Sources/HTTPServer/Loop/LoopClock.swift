import Linux

/// The time as the loop knows it: looked at after each wait, and when an answer is there. In nanoseconds of
/// ``MonotonicInstant``.
struct LoopClock {
    private(set) var now = MonotonicInstant.now.nanoseconds
    /// When the loop last had to wait.
    private(set) var wokeAt: Int64 = 0
    private(set) var date = DateHeader()

    init() { wake() }

    /// The loop has waited.
    mutating func wake() {
        look()
        wokeAt = now
        date.update(now: now)
    }

    mutating func look() { now = MonotonicInstant.now.nanoseconds }
}
