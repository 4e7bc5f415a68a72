import Linux

/// The end of a server: when it begins, whom it waits for, and how long.
///
/// From its beginning every answer says `Connection: close`. One rule serves both ends a worker can have. The listener
/// stays watched until the grace ends, and is emptied then: in a final stop nobody else may be left to answer those whom
/// the kernel lets in meanwhile; in a roll, siblings take most of them, and the rest are answered here as well as there.
/// When no connection is left before that, there is nobody to wait for.
struct Drain {
    /// The descriptor that becomes readable when draining must begin, or who leaves at its leisure has to hurry.
    let shutdown: CInt
    /// Whether nobody else serves on the listener when this server has ended.
    private let isLast: () -> Bool
    private let hurriedGrace: Duration
    private let unhurriedGrace: Duration
    private let timeout: Duration
    private var ends: Ends?
    /// Whether ``shutdown`` has become readable, and nothing followed from it yet.
    var isDue = false

    private struct Ends {
        /// Until then, connections are accepted.
        let grace: Int64
        /// Then whatever is left is cut.
        let all: Int64
    }

    /// How long a request may be on its way that was sent before anybody thought of draining: 50 ms.
    static let flightTime: Int64 = 50_000_000

    init(_ configuration: ServerConfiguration, shutdown: CInt, isLast: @escaping () -> Bool) {
        self.shutdown = shutdown
        self.isLast = isLast
        hurriedGrace = configuration.drainGrace
        unhurriedGrace = configuration.unhurriedDrainGrace
        timeout = configuration.drainTimeout
    }

    var isDraining: Bool { ends != nil }

    /// Whether nobody serves on the listener when this server has ended.
    var isAlone: Bool { isLast() }

    mutating func begin(at now: Int64) {
        ends = Ends(grace: now + hurriedGrace.nanoseconds, all: now + timeout.nanoseconds)
    }

    /// How long a connection must have been silent to be closed, in nanoseconds. Asks whether somebody serves on.
    func silence() -> Int64 {
        // Before the deadline, where all that is left is cut.
        min(isLast() ? hurriedGrace : unhurriedGrace, timeout / 2).nanoseconds
    }

    /// How long an end that we have told the client is waited for to be acknowledged, in nanoseconds.
    var acknowledgementTime: Int64 { hurriedGrace.nanoseconds }

    /// Whether nobody new is let in any more.
    func isGraceOver(at now: Int64) -> Bool { ends.map { now >= $0.grace } ?? false }

    /// Whether what is left is cut.
    func isOver(at now: Int64) -> Bool { ends.map { now >= $0.all } ?? false }

    /// When there is something to do next.
    func nextEnd(isAccepting: Bool) -> Int64? { ends.map { isAccepting ? $0.grace : $0.all } }
}
