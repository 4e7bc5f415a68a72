/// Which routes' handlers took long lately, so that the loop is given away before they begin and not 5 ms later.
struct SlowRoutes {
    /// By route; 0 is one that did not.
    private var scores: [UInt8]

    /// What a handler that took long adds, and so many that did not take away.
    private static let penalty: UInt8 = 16
    private static let highest: UInt8 = 64

    init(count: Int) {
        scores = [UInt8](repeating: 0, count: count)
    }

    @inline(__always)
    func contains(_ route: Int) -> Bool { route >= 0 && scores[route] > 0 }

    mutating func noteSlow(_ route: Int) {
        guard route >= 0 else { return }
        scores[route] = min(Self.highest, scores[route] + Self.penalty)
    }

    /// A route that was known as slow was slow again.
    mutating func noteSlowAgain(_ route: Int) {
        if contains(route) { noteSlow(route) }
    }

    mutating func noteQuick(_ route: Int) {
        guard route >= 0, scores[route] > 0 else { return }
        scores[route] -= 1
    }
}
