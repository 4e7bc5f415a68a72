/// How many were counted in a window of time and in the one before it, in one word: so they are read and written together.
struct WindowCount: Equatable {
    /// The number of the window, as far as 24 bits go: with windows of a second they are the same again after 194 days.
    private(set) var window: UInt64
    private(set) var former: Int
    private(set) var current: Int

    private static let windowMask: UInt64 = (1 << 24) - 1
    private static let countMask: UInt64 = (1 << 20) - 1

    init(bits: UInt64) {
        window = bits >> 40
        former = Int(bits >> 20 & Self.countMask)
        current = Int(bits & Self.countMask)
    }

    var bits: UInt64 { window << 40 | UInt64(former) << 20 | UInt64(current) }

    /// By how many windows a thread that was stopped between its look at the clock and its count may be late.
    private static let mostAhead = 64

    /// How many windows it is behind another; negative when it is ahead. One that counted nothing is as old as can be.
    private func age(in window: UInt64) -> Int {
        if former == 0, current == 0 { return Int(Self.windowMask) }
        let difference = Int((window &- self.window) & Self.windowMask)
        let ahead = Int(Self.windowMask) + 1 - difference
        return ahead <= Self.mostAhead ? -ahead : difference
    }

    /// What was counted in a window and before it, as far as it is known.
    func counts(in window: UInt64) -> (former: Int, current: Int) {
        switch age(in: window) {
        case 0: (former, current)
        case 1: (current, 0)
        case -1: (0, former)
        default: (0, 0)
        }
    }

    /// One more in a window.
    mutating func add(in window: UInt64) {
        switch age(in: window) {
        case 0: current = min(current + 1, Int(Self.countMask))
        case 1: (self.window, former, current) = (window & Self.windowMask, current, 1)
        case -1: former = min(former + 1, Int(Self.countMask))
        case 2...: (self.window, former, current) = (window & Self.windowMask, 0, 1)
        default: break
        }
    }

    /// One less, which was counted.
    mutating func remove(in window: UInt64) {
        switch age(in: window) {
        case 0: current = max(current - 1, 0)
        case -1: former = max(former - 1, 0)
        default: break
        }
    }
}
