import Glibc

/// A set of signals (sigsetops(3)): to be blocked, waited for, or read from a ``SignalDescriptor``.
public struct SignalSet: Sendable {
    private(set) var bits = sigset_t()

    /// Just these.
    public init(_ signals: [CInt]) {
        unsafe sigemptyset(&bits)
        for signal in signals { unsafe sigaddset(&bits, signal) }
    }

    private init(bits: sigset_t) { self.bits = bits }

    /// Every signal there is.
    public static var all: SignalSet {
        var bits = sigset_t()
        unsafe sigfillset(&bits)
        return SignalSet(bits: bits)
    }

    /// No signal.
    public static var none: SignalSet { SignalSet([]) }

    /// Blocks exactly these for the calling thread (pthread_sigmask(3)). Returns what was blocked before.
    @discardableResult
    public func block() -> SignalSet {
        var (new, former) = (bits, sigset_t())
        unsafe pthread_sigmask(SIG_SETMASK, &new, &former)
        return SignalSet(bits: former)
    }

    /// Waits for one of these, which must be blocked (sigtimedwait(2)).
    /// - Parameter duration: How long at most; `nil` for ever.
    /// - Returns: The signal. `nil` when the time is up, and also when a handler of another signal ran meanwhile, or the
    ///   process was stopped and goes on.
    public func wait(atMost duration: Duration? = nil) -> CInt? {
        var set = bits
        guard let duration else {
            let signal = unsafe sigwaitinfo(&set, nil)
            return signal > 0 ? signal : nil
        }
        var timeout = timespec(max(.zero, duration))
        let signal = unsafe sigtimedwait(&set, nil, &timeout)
        return signal > 0 ? signal : nil
    }
}
