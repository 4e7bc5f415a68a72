import Linux
import Synchronization

/// The threads of a server: one has the loop and runs handlers with it in hand, and another takes the loop when a handler
/// takes long (leader and followers).
///
/// At most ``ServerConfiguration/maxThreads`` are in handlers that take long, one more has the loop, and a few are there for
/// handlers that had never taken long before (``HandlerRoom/spare``). They are made on demand, and those that nobody has
/// needed for some time leave. One stands by: it waits for the ``HandlerWatch``.
final class ServingThreads: @unchecked Sendable {
    let configuration: ServerConfiguration
    let dispatcher: Dispatcher
    let observer: (any ServerObserver)?
    let signals: ServerSignals
    /// See ``ServerConfiguration/handlerPatience``, in nanoseconds.
    private let patience: Int64

    /// Only the thread that has the loop touches it: see ``Leadership``.
    @exclusivity(unchecked) private var loop: EventLoop
    private let leadership = Leadership()
    private let watch: HandlerWatch

    private let roster = Lock(Roster())
    /// Whether nobody stands by, and somebody could.
    private let needsStandby = Atomic(true)
    private let departures = Semaphore()
    private let leaderStatus = Lock<ThreadStatus?>(nil)

    /// Who is there, and who waits for what.
    private struct Roster {
        var standby: ServingThread?
        var parked: [ServingThread] = []
        var count = 1
        var freeIndices: [Int] = []
        var isOver = false
    }

    /// What a thread does next.
    private enum Role {
        case lead
        case standBy
        case park
        case leave
    }

    /// How long a thread waits to be needed: 10 s.
    private static let idleTime = Duration.seconds(10)

    init(
        _ makeLoop: (ServerSignals) throws(SystemError) -> EventLoop,
        configuration: ServerConfiguration,
        dispatcher: Dispatcher,
        observer: (any ServerObserver)?
    ) throws(SystemError) {
        self.configuration = configuration
        self.dispatcher = dispatcher
        self.observer = observer
        patience = configuration.handlerPatience.nanoseconds
        watch = try HandlerWatch()
        signals = try ServerSignals()
        unsafe loop = try makeLoop(signals)
        roster.withLock { $0.freeIndices = Array((1..<configuration.threadCount).reversed()) }
    }

    /// Serves on the calling thread and others until the loop ends. Handlers that still run then are not waited for.
    func run() {
        serve(ServingThread(index: 0, of: self), as: .lead)
        let others = roster.withLock { roster in
            var others = roster.parked
            if let standby = roster.standby { others.append(standby) }
            return others.count
        }
        for _ in 0..<others { departures.wait() }
    }

    // MARK: A thread's life

    private func serve(_ thread: ServingThread, as role: Role) {
        thread.begin()
        thread.attend {
            var role = role
            while true {
                switch role {
                case .lead: role = lead(thread)
                case .standBy: role = standBy(thread)
                case .park: role = park(thread)
                case .leave: return
                }
            }
        }
    }

    /// Has the loop until it is taken, or ends.
    private func lead(_ thread: ServingThread) -> Role {
        leaderStatus.withLock { $0 = thread.status }
        unsafe loop.requestObserver = thread.observer
        unsafe loop.signature = thread.signature
        while let turn = unsafe loop.next() {
            guard run(turn, on: thread) else { return .park }
        }
        end()
        return .leave
    }

    /// Does what a turn needs from outside the loop.
    /// - Returns: Whether the thread still has the loop.
    @inline(__always)
    private func run(_ turn: consuming Turn, on thread: ServingThread) -> Bool {
        if turn.errand == .group { return runGroup(on: thread) }
        let now = unsafe loop.clock.now
        let (isQuick, takesLong) = unsafe loop.lend(turn)
        let keepsOthers = unsafe loop.hasOthersToServe
        thread.answerer.begin(turn, now: now, wokeAt: unsafe loop.clock.wokeAt, isQuick: isQuick)
        if needsStandby.load(ordering: .relaxed) { appointStandby() }
        let loan = leadership.lend(at: takesLong ? 0 : now)
        if takesLong { watch.ring() } else { watch.begin(until: now &+ patience) }
        if turn.errand == .admission {
            thread.run(during: loan) { thread.answerer.admit(turn) }
            guard leadership.take(loan) else {
                turn.noteHandlerTime()
                signals.finished.append(turn)
                return false
            }
            unsafe loop.goOn(afterAdmissionOf: turn)
        } else {
            let response = thread.run(during: loan, keepingOthers: keepsOthers) { thread.answer(turn) }
            if case .stream(let write) = response.body, turn.record.head.method != .head {
                giveUp(loan)
                thread.stream(write, as: response, of: turn)
                guard leadership.take(loan) else {
                    signals.finished.append(turn)
                    return false
                }
                unsafe loop.goOn(afterSending: turn)
                return true
            }
            guard leadership.take(loan) else {
                thread.finish(turn, with: response)
                signals.finished.append(turn)
                return false
            }
            unsafe loop.complete(turn, with: response)
        }
        return true
    }

    /// Has a group of requests answered.
    /// - Returns: Whether the thread still has the loop.
    private func runGroup(on thread: ServingThread) -> Bool {
        let (now, wokeAt) = unsafe (loop.clock.now, loop.clock.wokeAt)
        let turns = unsafe loop.lendForGroup()
        if needsStandby.load(ordering: .relaxed) { appointStandby() }
        let loan = leadership.lend(at: now)
        watch.begin(until: now &+ patience)
        let answers = thread.run(during: loan) { thread.answer(turns, wokeAt: wokeAt) }
        if answers.contains(where: \.isStreamed) {
            giveUp(loan)
            thread.finish(answers)
            guard leadership.take(loan) else { return false }
            // As if another thread had had it meanwhile.
            unsafe loop.noteLost(wasGivenUp: true)
            return true
        }
        guard leadership.take(loan) else {
            thread.finish(answers)
            return false
        }
        unsafe loop.complete(answers)
        return true
    }

    /// The calling thread, in a handler, will take long.
    func giveUp(_ loan: UInt64) {
        guard leadership.giveUp(loan) else { return }
        if needsStandby.load(ordering: .relaxed) { appointStandby() }
        watch.ring()
    }

    /// Waits until the loop is to be taken.
    private func standBy(_ thread: ServingThread) -> Role {
        var suspicion = Suspicion()
        while true {
            watch.wait()
            if roster.withLock({ $0.isOver }) { return depart() }
            let now = MonotonicInstant.now.nanoseconds
            switch leadership.look(patience: patience, now: now) {
            case .inUse:
                break
            case .lent(let end):
                watch.set(to: end)
            case .givenUp(let loan):
                if take(loan, wasGivenUp: true) { return .lead }
            case .overdue(let loan, let begin):
                if suspicion.isConfirmed(loan, since: begin, of: leader, patience: patience, now: now) {
                    if take(loan, wasGivenUp: false) { return .lead }
                } else {
                    watch.set(to: now + patience)
                }
            }
        }
    }

    private func take(_ loan: UInt64, wasGivenUp: Bool) -> Bool {
        guard leadership.take(loan) else { return false }
        roster.withLock { $0.standby = nil }
        needsStandby.store(true, ordering: .relaxed)
        unsafe loop.noteLost(wasGivenUp: wasGivenUp)
        return true
    }

    /// The thread that has the loop, or has lent it.
    private var leader: ThreadStatus? { leaderStatus.withLock { $0 } }

    /// Waits until it is wanted.
    private func park(_ thread: ServingThread) -> Role {
        let role: Role? = roster.withLock { roster in
            if roster.isOver { return .leave }
            guard roster.standby != nil else {
                roster.standby = thread
                needsStandby.store(false, ordering: .relaxed)
                return .standBy
            }
            roster.parked.append(thread)
            return nil
        }
        if let role { return role }
        // The first thread belongs to whoever called.
        if thread.index == 0 {
            thread.call.wait()
        } else if !thread.call.wait(until: .now + Self.idleTime), leaveIfNotWanted(thread) {
            return .leave
        }
        return roster.withLock { $0.isOver } ? depart() : .standBy
    }

    private func leaveIfNotWanted(_ thread: ServingThread) -> Bool {
        let isWanted = roster.withLock { roster in
            guard let position = roster.parked.firstIndex(where: { $0 === thread }) else { return true }
            roster.parked.remove(at: position)
            roster.count -= 1
            roster.freeIndices.append(thread.index)
            return false
        }
        if isWanted { thread.call.wait() }
        return !isWanted
    }

    /// Has somebody stand by, if there is anybody.
    private func appointStandby() {
        roster.withLock { roster in
            guard roster.standby == nil, !roster.isOver else { return }
            if let thread = roster.parked.popLast() {
                roster.standby = thread
                thread.call.signal()
            } else if let index = roster.freeIndices.popLast() {
                let thread = ServingThread(index: index, of: self)
                do throws(SystemError) {
                    try Thread.start { [self] in serve(thread, as: .standBy) }.detach()
                    roster.standby = thread
                    roster.count += 1
                } catch {
                    // Without room for another thread the handler keeps the loop.
                    roster.freeIndices.append(index)
                    return
                }
            }
            needsStandby.store(false, ordering: .relaxed)
        }
    }

    // MARK: The end

    private func end() {
        let waiting = roster.withLock { roster in
            roster.isOver = true
            return roster.parked
        }
        for thread in waiting { thread.call.signal() }
        watch.ring()
    }

    /// A thread that waited goes at the end.
    private func depart() -> Role {
        departures.signal()
        return .leave
    }
}
