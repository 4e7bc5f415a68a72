import Linux
import Synchronization

/// Wakes the thread that stands by, when a handler has run for some time or says that it will.
///
/// The timer is set with the first handler and stays set for those that follow; when it goes off and no handler runs, it is not
/// set again before the next one. So it costs a busy server some two hundred system calls a second, and an idle one nothing.
/// Who is wanted at once is rung for: a timer that is set to now goes off a good deal later.
final class HandlerWatch: Sendable {
    private let timer: TimerDescriptor
    private let bell: EventFD
    private let isSet = Atomic(false)

    init() throws(SystemError) {
        timer = try TimerDescriptor(isNonBlocking: true)
        bell = try EventFD()
    }

    /// A handler begins: sees to it that the watch goes off no later than at a time in nanoseconds.
    @inline(__always)
    func begin(until end: Int64) {
        if !isSet.load(ordering: .sequentiallyConsistent) { set(to: end) }
    }

    /// Goes off at a time.
    func set(to end: Int64) {
        isSet.store(true, ordering: .relaxed)
        timer.set(to: MonotonicInstant(nanoseconds: end))
    }

    /// Goes off now.
    func ring() { bell.signal() }

    /// Waits until it goes off. One thread at a time may.
    func wait() {
        var poll = Poll()
        let (time, rung) = (poll.add(timer.rawValue, .read), poll.add(bell.rawValue, .read))
        while true {
            poll.wait(atMost: nil)
            if poll.isReady(rung) { bell.clear() }
            if poll.isReady(time), timer.wait() { isSet.store(false, ordering: .sequentiallyConsistent) }
            if poll.isReady(rung) || poll.isReady(time) { return }
        }
    }
}
