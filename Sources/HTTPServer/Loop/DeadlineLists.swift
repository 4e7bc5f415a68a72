import Linux

/// When whose waiting ends. All waits of one kind last equally long, so each kind is a list in order of time: to arm,
/// re-arm and disarm is to link and unlink, and the next deadline is at the front. What happens at a deadline is not
/// known here: it follows from the state of the connection.
struct DeadlineLists {
    /// A kind of wait.
    enum Timer: UInt8, CaseIterable {
        /// For the rest of a head, or the first request of a new connection.
        case head
        /// For the rest of a body.
        case body
        /// For the next request.
        case idle
        /// For room in the socket for the rest of an answer.
        case write
        /// For the client's end of a connection that we have closed ours of.
        case linger
        /// ``linger`` while the server drains.
        case lastLinger
        /// For a request that may be on its way to an idle connection while the server drains.
        case drainGrace
        /// For the news that the client's system knows the end of a connection on which nothing was asked.
        case acknowledgement
    }

    private struct Node {
        var previous: Int32 = -1
        var next: Int32 = -1
        var since: Int64 = 0
        var deadline: Int64 = 0
        var timer: Timer?
    }

    private struct List {
        var first: Int32 = -1
        var last: Int32 = -1
    }

    /// By descriptor.
    private var nodes: [Node] = []
    private var lists = InlineArray<8, List>(repeating: List())
    private var durations: InlineArray<8, Int64>

    /// How often to look whether an end has been acknowledged, in nanoseconds: 10 ms.
    static let acknowledgementLook: Int64 = 10_000_000

    init(_ configuration: ServerConfiguration) {
        var durations = InlineArray<8, Int64>(repeating: 0)
        for timer in Timer.allCases {
            let duration =
                switch timer {
                case .head: configuration.headerTimeout
                case .body: configuration.bodyTimeout
                case .idle: configuration.keepAliveTimeout
                case .write: configuration.writeTimeout
                case .linger: configuration.lingerTimeout
                case .lastLinger, .drainGrace: configuration.drainGrace
                case .acknowledgement: Duration.nanoseconds(Self.acknowledgementLook)
                }
            durations[Int(timer.rawValue)] = duration.nanoseconds
        }
        self.durations = durations
    }

    /// The timer that runs for a descriptor.
    func timer(of descriptor: CInt) -> Timer? {
        Int(descriptor) < nodes.count ? nodes[Int(descriptor)].timer : nil
    }

    /// Since when it runs.
    func since(of descriptor: CInt) -> Int64 { nodes[Int(descriptor)].since }

    /// Gives waits of one kind another length from now on.
    mutating func setLength(of timer: Timer, to duration: Int64) { durations[Int(timer.rawValue)] = duration }

    /// Begins a wait in place of the one before.
    mutating func arm(_ descriptor: CInt, _ timer: Timer, now: Int64) {
        arm(descriptor, timer, since: now, until: now &+ durations[Int(timer.rawValue)])
    }

    /// Begins a wait that ends no sooner than others of its kind.
    mutating func arm(_ descriptor: CInt, _ timer: Timer, since: Int64, until deadline: Int64) {
        while nodes.count <= Int(descriptor) { nodes.append(Node()) }
        disarm(descriptor)
        let kind = Int(timer.rawValue)
        let last = lists[kind].last
        nodes[Int(descriptor)] = Node(previous: last, next: -1, since: since, deadline: deadline, timer: timer)
        if last >= 0 { nodes[Int(last)].next = descriptor } else { lists[kind].first = descriptor }
        lists[kind].last = descriptor
    }

    /// Ends the wait.
    mutating func disarm(_ descriptor: CInt) {
        guard Int(descriptor) < nodes.count, let timer = nodes[Int(descriptor)].timer else { return }
        let node = nodes[Int(descriptor)]
        let kind = Int(timer.rawValue)
        if node.previous >= 0 { nodes[Int(node.previous)].next = node.next } else { lists[kind].first = node.next }
        if node.next >= 0 { nodes[Int(node.next)].previous = node.previous } else { lists[kind].last = node.previous }
        nodes[Int(descriptor)].timer = nil
    }

    /// The nearest deadline of all.
    var next: Int64? {
        var nearest: Int64?
        for kind in lists.indices where lists[kind].first >= 0 {
            let deadline = nodes[Int(lists[kind].first)].deadline
            if nearest == nil || deadline < nearest! { nearest = deadline }
        }
        return nearest
    }

    /// Takes out one wait that is over.
    mutating func popExpired(now: Int64) -> (descriptor: CInt, timer: Timer)? {
        for timer in Timer.allCases {
            let first = lists[Int(timer.rawValue)].first
            guard first >= 0, nodes[Int(first)].deadline <= now else { continue }
            disarm(first)
            return (first, timer)
        }
        return nil
    }
}
