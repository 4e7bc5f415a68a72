import Linux

/// What is said of a worker that has ended: how much it matters, and why, in words.
struct ExitReport {
    let worker: WorkerHandle
    let exit: WorkerExit

    var level: Notice.Level {
        switch worker.phase {
        case .draining: exit.isGraceful || exit.isImmediate ? .info : .warning
        case .ready: exit.isGraceful ? .warning : .error
        case .booting, .aborting: .error
        }
    }

    /// Whether it was still busy when its time to leave was up, and was killed for that or gave up by its own clock.
    var isForDrainTime: Bool {
        if case .aborting(.drain, _) = worker.phase { return true }
        return exit.isDrainExpired
    }

    func fields(at now: MonotonicInstant) -> [Notice.Field] {
        var fields: [Notice.Field] = [
            .text("how", words), .text("cause", cause.rawValue), .integer("requests", exit.requests),
        ]
        if exit.requestsWhileDraining > 0 { fields.append(.integer("drainedRequests", exit.requestsWhileDraining)) }
        fields.append(.duration("age", now - worker.forkedAt))
        if let request = lanes.first?.request {
            fields += [.text("request", request.label), .text("requestId", request.id)]
            if let startedAt = request.startedAt { fields.append(.duration("runningFor", now - startedAt)) }
            if request.isTorn { fields.append(.flag("torn", true)) }
        }
        if let others = otherRequests.first { fields.append(.text("otherRequests", others)) }
        let backtraces = lanes.map(\.backtrace).filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
        if !backtraces.isEmpty { fields.append(.text("backtrace", backtraces.joined(separator: "\n\n"))) }
        return fields
    }

    /// What does not fit into one line with all the rest: the further requests that were in flight.
    var furtherRequests: ArraySlice<String> { otherRequests.dropFirst() }

    /// All requests in flight but the first, joined to texts of which each fits into a line of the log.
    private var otherRequests: [String] {
        var texts: [String] = []
        for request in lanes.dropFirst().compactMap(\.request) {
            let text = "\(request.label) (\(request.id))"
            if let last = texts.last, last.utf8.count + text.utf8.count <= Self.longestList {
                texts[texts.count - 1] = last + ", " + text
            } else {
                texts.append(text)
            }
        }
        return texts
    }

    /// A quarter of what a write to a pipe takes whole, in bytes: quotes in it double, and a backtrace may follow.
    private static let longestList = 1024

    private var lanes: [WorkerExit.Lane] { exit.lanes.sorted { $0.suspicion < $1.suspicion } }

    /// How it ended, as seen from what was expected of it.
    var words: String {
        switch worker.phase {
        case .draining where exit.isGraceful: "left as told"
        case .draining where exit.isImmediate: "left at once as told"
        case .draining where exit.isDrainExpired: WorkerHandle.Fault.drain.words
        case .aborting(let fault, _): fault.words
        case .booting, .ready, .draining: exit.words
        }
    }
}

extension WorkerExit.Lane {
    /// The thread to blame comes first: one that wrote down where it was, then the one whose request has to be over first, then
    /// the one that has been at it for longest.
    fileprivate var suspicion: (Int, Int64, Int64) {
        (backtrace.isEmpty ? 1 : 0, request?.deadline?.nanoseconds ?? .max, request?.startedAt?.nanoseconds ?? .max)
    }
}

extension WorkerExit {
    /// How it ended, whatever was expected.
    var words: String {
        switch status {
        case .exited(let code): "exited with code \(code)"
        case .killed(let signal):
            switch SignalName.of(signal) {
            case "SIGKILL" where isOutOfMemory: "killed by SIGKILL (probably out of memory)"
            case "SIGILL", "SIGTRAP":
                // In a release build most of them die without a word.
                "crashed with \(SignalName.of(signal)) (as Swift does for an index out of range, a nil or a failed precondition)"
            case let name where SignalName.crashes.contains(name): "crashed with \(name)"
            case let name: "killed by \(name)"
            }
        }
    }
}

extension WorkerHandle.Fault {
    /// Why a worker was killed.
    var words: String {
        switch self {
        case .drain: "killed: still busy when the time to leave was up"
        case .boot: "killed: not ready when the time to boot was up"
        case .request: "killed: its request was still running after its deadline"
        }
    }
}

extension WorkerHandle.Renewal {
    /// Why a worker is to be replaced.
    var words: String {
        switch self {
        case .roll: "a roll was ordered"
        case .limit: "it reached its limit of requests"
        case .age: "it reached the greatest age"
        case .memory: "it uses too much memory"
        }
    }
}
