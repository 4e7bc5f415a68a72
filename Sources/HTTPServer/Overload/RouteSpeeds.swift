/// How long the handlers of each route took lately: of one that takes long the loop is given away before it begins and not
/// 5 ms later, and one that never does needs no thread.
struct RouteSpeeds {
    /// By route: above 0 it took long lately, at ``quick`` it has not for a good while.
    private var scores: [Int8]

    /// What a handler that took long adds; one that did not takes 1 away.
    private static let penalty: Int8 = 16
    private static let slowest: Int8 = 64
    private static let quick: Int8 = -16

    init(count: Int) {
        scores = [Int8](repeating: 0, count: count)
    }

    /// Whether a handler of the route will probably take long.
    @inline(__always)
    func isSlow(_ route: Int) -> Bool { route >= 0 && scores[route] > 0 }

    /// Whether it surely will not. What the server itself answers does not.
    @inline(__always)
    func isQuick(_ route: Int) -> Bool { route < 0 || scores[route] == Self.quick }

    mutating func noteSlow(_ route: Int) {
        guard route >= 0 else { return }
        scores[route] = min(Self.slowest, max(0, scores[route]) + Self.penalty)
    }

    @inline(__always)
    mutating func noteQuick(_ route: Int) {
        if route >= 0, scores[route] > Self.quick { scores[route] -= 1 }
    }
}
