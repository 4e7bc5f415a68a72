import Linux

/// A roll under way: all workers of former generations are replaced, and this is the report.
struct Roll: Equatable {
    /// One worker that was replaced.
    struct Replacement: Equatable {
        var number: Int
        var bootTime: Duration
        /// The predecessor, while it leaves.
        var predecessor: Int32?
        /// Requests that the predecessor finished after it was told to leave.
        var drained = 0
        var wasKilled = false
    }

    let generation: Int
    let startedAt: MonotonicInstant
    var replacements: [Replacement] = []
    /// How many successors failed to boot since the last one did.
    var failures = 0
    /// Another roll was ordered meanwhile.
    var isToBeRepeated = false

    /// How many successors in a row may fail before the roll is given up: more than one, which may have died by accident.
    private static let attempts = 3

    /// Whether it makes no sense to go on.
    var hasFailed: Bool { failures >= Self.attempts }

    /// Whether predecessors are still leaving.
    var isDraining: Bool { replacements.contains { $0.predecessor != nil } }

    mutating func predecessorLeft(pid: Int32, drained: Int, wasKilled: Bool) {
        guard let index = replacements.firstIndex(where: { $0.predecessor == pid }) else { return }
        replacements[index].predecessor = nil
        replacements[index].drained = drained
        replacements[index].wasKilled = wasKilled
    }

    /// Per worker, in the order in which they were replaced, and all together.
    func report(at now: MonotonicInstant, verdict: String) -> [Notice.Field] {
        [
            .integer("generation", generation),
            .text("verdict", verdict),
            .duration("took", now - startedAt),
            .init("replaced", .integers(replacements.map(\.number))),
            .init("bootMs", .integers(replacements.map { Int($0.bootTime.milliseconds) })),
            .init("drainedRequests", .integers(replacements.map(\.drained))),
            .integer("killed", replacements.count(where: \.wasKilled)),
        ]
    }
}
