import CLinux
import Glibc

/// Where a thread is that is stuck or crashes: written down by the thread itself, in a signal handler, and read by the
/// supervisor.
///
/// A worker has the supervisor's code at the supervisor's addresses, for it was forked and never executed anything else.
/// So the worker only has to leave bare addresses; the supervisor, which is well, finds their names.
enum Backtrace {
    /// Loads what the unwinder needs. Done once before the first fork, since a stuck worker may hold the allocator's lock.
    static func warmUp() { clinux_warm_up_backtrace() }

    /// In the worker: lets its threads know where to write, should one crash or be asked.
    static func prepare(_ slot: WorkerSlot) {
        let room = unsafe slot.backtraceRoom
        guard let base = room.baseAddress else { return }
        unsafe clinux_prepare_backtrace(base, CInt(room.count / 8 - 1))
        clinux_explain_crashes()
    }

    /// On a thread of the worker: lets it write even when its stack is used up.
    static func prepareThread() { clinux_make_signal_stack() }

    /// On the worker's thread that waits for signals: a crash that somebody sends from outside is for those that work.
    static func leaveCrashesToOthers() { clinux_leave_crashes_to_others() }

    /// In the worker: lets a thread write down where it is. It does not go on.
    static func ask(_ thread: pthread_t) { clinux_request_backtrace(thread) }
}
