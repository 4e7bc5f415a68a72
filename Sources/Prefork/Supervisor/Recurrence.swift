import Linux

/// Something that is due again and again.
struct Recurrence: Equatable {
    private let interval: Duration?
    /// When it is due, `nil` for never.
    private(set) var next: MonotonicInstant?

    /// - Parameter interval: `nil` for never.
    init(_ interval: Duration?) { self.interval = interval }

    mutating func start(at now: MonotonicInstant) { next = interval.map { now + $0 } }

    /// Whether it is due. If so, it is due again an interval from now: what was missed meanwhile is not made up for.
    mutating func take(at now: MonotonicInstant) -> Bool {
        guard let next, next <= now else { return false }
        start(at: now)
        return true
    }
}
