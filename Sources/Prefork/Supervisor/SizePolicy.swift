/// How many workers the load calls for, with hysteresis: grow soon when requests wait, shrink late and one by one.
struct SizePolicy: Equatable {
    /// What was seen in one look.
    struct Sample: Equatable {
        /// Workers that are ready.
        var ready: Int
        /// Those of them that could not serve another request at once.
        var busy: Int
        /// Connections that wait to be accepted, and requests that wait for a thread.
        var waiting: Int
    }

    /// How often to look.
    static let interval = Duration.milliseconds(250)
    /// Looks in a row with all workers busy and connections waiting, until one is added.
    static let looksToGrow = 2
    /// Looks in a row with all workers busy, even if nobody waits yet.
    static let looksToGrowAhead = 8
    /// Looks in a row that would have done with one worker less, until one is taken away: 30 seconds.
    static let looksToShrink = 120

    private let range: ClosedRange<Int>
    private var crowded = 0
    private var busy = 0
    private var calm = 0

    init(range: ClosedRange<Int>) { self.range = range }

    /// Whether there is anything to decide.
    var isActive: Bool { range.count > 1 }

    /// How many workers to have from now on.
    mutating func target(for sample: Sample, now target: Int) -> Int {
        guard isActive else { return target }
        let allBusy = sample.ready >= target && sample.busy >= sample.ready
        crowded = allBusy && sample.waiting > 0 ? crowded + 1 : 0
        busy = allBusy ? busy + 1 : 0
        // One worker less must still leave one idle, or the next request would bring it back.
        calm = sample.waiting == 0 && sample.busy + 2 <= sample.ready ? calm + 1 : 0

        if crowded >= Self.looksToGrow || busy >= Self.looksToGrowAhead {
            (crowded, busy, calm) = (0, 0, 0)
            // A long queue calls for more than one, but never for a doubling at a time.
            let step = min(max(1, sample.waiting / max(1, sample.ready)), max(1, target / 2))
            return min(range.upperBound, target + step)
        }
        if calm >= Self.looksToShrink {
            calm = 0
            return max(range.lowerBound, target - 1)
        }
        return target
    }
}
