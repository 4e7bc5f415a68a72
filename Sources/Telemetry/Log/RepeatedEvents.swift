import Glibc
import Linux
import Logging
import Synchronization

/// Warnings and errors that say the same again and again: the first is logged, those that follow it are counted, and the count
/// is logged when ``interval`` is over.
///
/// Warnings are the same whatever request they come from. Errors must be the same in every field: who looks for what came of
/// a request finds it.
final class RepeatedEvents: Sendable {
    /// How long repetitions are counted before they are told.
    static let interval = Duration.seconds(10)
    private let interval: Duration
    /// How many different events are followed at a time. Beyond that the oldest is told of early.
    static let capacity = 64

    private struct Repeated {
        let event: LoggedEvent
        let end: MonotonicInstant
        var count = 0
    }

    private struct State {
        var events: [String: Repeated] = [:]
        /// A child of fork(2) tells nothing of what its parent counts.
        var process = getpid()
    }

    private let state = Lock(State())
    /// When the first is to be told of, in nanoseconds of the monotonic clock; `Int64.max` when nothing was repeated. For who
    /// only wants to know whether there is something to do.
    private let nextEnd = Atomic<Int64>(.max)

    init(interval: Duration = RepeatedEvents.interval) {
        self.interval = interval
    }

    /// Takes note of an event.
    /// - Returns: Whether it is to be logged, because it is not a repetition; and what is to be told before.
    func note(_ event: LoggedEvent, at now: MonotonicInstant) -> (isNew: Bool, ended: [[UInt8]]) {
        guard event.level >= .warning else { return (true, []) }
        let event = event.level == .warning ? event.withoutRequest : event
        let words = event.words
        return state.withLock { state in
            if state.process != getpid() { state = State() }
            var ended = take(&state) { $0.end <= now }
            defer { setNextEnd(state) }
            guard state.events[words] == nil else {
                state.events[words]?.count += 1
                return (false, ended)
            }
            if state.events.count >= Self.capacity, let first = state.events.values.map(\.end).min() {
                ended += take(&state) { $0.end <= first }
            }
            state.events[words] = Repeated(event: event, end: now + interval)
            return (true, ended)
        }
    }

    /// What is to be told now.
    /// - Parameter isLast: Whether nobody will ask again: all that was counted then.
    func ended(at now: MonotonicInstant, isLast: Bool = false) -> [[UInt8]] {
        guard nextEnd.load(ordering: .relaxed) <= now.nanoseconds || isLast else { return [] }
        return state.withLock { state in
            defer { setNextEnd(state) }
            return state.process == getpid() ? take(&state) { $0.end <= now || isLast } : []
        }
    }

    /// Whether something will have to be told.
    var isCounting: Bool { nextEnd.load(ordering: .relaxed) != .max }

    /// When the first thing will have to be told; `nil` when nothing will.
    var firstEnd: MonotonicInstant? {
        isCounting ? MonotonicInstant(nanoseconds: nextEnd.load(ordering: .relaxed)) : nil
    }

    private func setNextEnd(_ state: State) {
        let end = state.events.values.lazy.filter { $0.count > 0 }.map(\.end.nanoseconds).min()
        nextEnd.store(end ?? .max, ordering: .relaxed)
    }

    private func take(_ state: inout State, where isOver: (Repeated) -> Bool) -> [[UInt8]] {
        let over = state.events.filter { isOver($0.value) }
        for words in over.keys { state.events[words] = nil }
        return over.values.filter { $0.count > 0 }.sorted { $0.end < $1.end }.map {
            $0.event.line(repetitions: $0.count)
        }
    }
}
