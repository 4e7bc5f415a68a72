import CLinux
import Glibc

/// Where a thread is that is stuck or crashes: written down by the thread itself in a signal handler, as bare addresses in
/// shared memory, and read by another process that has the same code at the same addresses, because one was forked from the
/// other and neither has executed anything else since. That process, which is well, finds their names (``SymbolTable``).
public enum Backtrace {
    /// Loads what the unwinder needs. Done once before the first fork, since a stuck process may hold the allocator's lock.
    public static func warmUp() { clinux_warm_up_backtrace() }

    /// From now on threads that crash write down where they were (SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE), and the
    /// process dies as it would have. Signals that somebody handles already, such as the Swift runtime's own backtracer, are
    /// left to them.
    /// - Parameters:
    ///   - memory: where threads write that have no place of their own.
    ///   - range: where in it: 8 bytes for the count, the rest for as many addresses as fit.
    public static func recordCrashes(in memory: SharedMemory, _ range: Range<Int>) {
        let room = unsafe memory.bytes(in: range)
        guard let base = room.baseAddress else { return }
        unsafe clinux_record_crashes(base, addressCount(range))
    }

    /// The calling thread writes there from now on, also when its stack is used up.
    public static func recordThisThread(in memory: SharedMemory, _ range: Range<Int>) {
        let room = unsafe memory.bytes(in: range)
        guard let base = room.baseAddress else { return }
        unsafe clinux_record_this_thread(base, addressCount(range))
    }

    /// On a thread that only waits: a crash that somebody sends from outside is for those that work.
    public static func blockCrashSignals() { clinux_block_crash_signals() }

    /// Lets threads that are recorded write down where they are. They do not go on: the process is about to die.
    public static func request(of threads: [Thread]) {
        clinux_allow_backtraces()
        for thread in threads { clinux_request_backtrace(pthread_t(thread.number)) }
    }

    /// What was written, innermost first. Empty when nothing was.
    public static func addresses(in memory: SharedMemory, _ range: Range<Int>) -> [UInt64] {
        let count = min(Int(clamping: memory.word(at: range.lowerBound).load()), Int(addressCount(range)))
        return (0..<count).map { memory.word(at: range.lowerBound + 8 + 8 * $0).loadRelaxed() }
    }

    private static func addressCount(_ range: Range<Int>) -> CInt { CInt(range.count / 8 - 1) }
}
