import Linux
import Synchronization

/// Wakes the thread that stands by, when a handler has run for some time or says that it will.
///
/// It is set with the first handler and stays set for those that follow; when it goes off and no handler runs, it is not
/// set again before the next one. So it costs a busy server some two hundred system calls a second, and an idle one nothing.
final class HandlerWatch: Sendable {
    private let timer: TimerDescriptor
    private let isSet = Atomic(false)

    init() throws(SystemError) {
        timer = try TimerDescriptor(isNonBlocking: false)
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
    func ring() { set(to: 0) }

    /// Waits until it goes off. One thread at a time may.
    func wait() {
        while !timer.wait() {}
        isSet.store(false, ordering: .sequentiallyConsistent)
    }
}
