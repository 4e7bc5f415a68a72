import CLinux

/// What a thread is about to wait for.
@frozen
public enum BlockingReason: Sendable {
    /// An answer from elsewhere, a file, a process, the time.
    case anything
    /// The lock that lets one writer at a time write to a store.
    case writeLock
    /// A disk, until what was committed is on it. On most that is over before anybody could be told.
    case flush
}

/// Runs something that waits: a call to another service, a lock, a long read.
///
/// The thread of a request handler may have to serve other connections too. This tells whoever it works for, so that
/// another thread does that meanwhile. It costs some microseconds once for each request, and next to nothing on a thread
/// that works for nobody.
///
/// ```swift
/// let rates = try blocking { try bank.fetchRates() }
/// ```
public func blocking<Result, Failure: Error>(
    for reason: BlockingReason = .anything,
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    guard let observer = BlockingObserver.current else { return try body() }
    observer.willBlock(for: reason)
    defer { observer.didBlock(for: reason) }
    return try body()
}

/// Whom a thread works for, and who wants to know when it waits. Subclasses do something about it.
///
/// Both functions are called by the thread that waits, in pairs.
@safe
open class BlockingObserver {
    /// One that does nothing.
    public init() {}

    /// Whether somebody is held up while the thread waits, until it has said that it does. A wait that is sure to be shorter
    /// than it takes to tell may go without a word then.
    open var holdsOthersUp: Bool { true }

    /// Whether somebody is there already whom that holds up. Even a short wait is one after another's then.
    open var keepsOthersWaiting: Bool { true }

    /// The thread is about to wait.
    open func willBlock(for reason: BlockingReason) {}

    /// It has waited.
    open func didBlock(for reason: BlockingReason) {}

    /// The thread has waited for a store's write lock without a word, for so many nanoseconds.
    open func didWaitShortly(_ time: Int64) {}

    /// The calling thread's; `nil` when it works for nobody.
    public static var current: BlockingObserver? {
        guard let observer = unsafe clinux_blocking_observer() else { return nil }
        return unsafe Unmanaged<BlockingObserver>.fromOpaque(observer).takeUnretainedValue()
    }

    /// Runs `body` with this as the calling thread's.
    public func attend<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let previous = unsafe clinux_blocking_observer()
        unsafe clinux_set_blocking_observer(Unmanaged.passUnretained(self).toOpaque())
        defer { unsafe clinux_set_blocking_observer(previous) }
        return try body()
    }
}
