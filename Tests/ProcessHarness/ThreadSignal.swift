import Glibc

/// Sends a signal to one thread, as a fault of its own does (tgkill(2), which Swift's Glibc does not show). A signal to the
/// process may come to any of its threads.
/// - Returns: Whether it was sent.
func sendSignal(_ signal: CInt, toThread thread: pid_t, of process: pid_t) -> Bool {
    typealias Function = @convention(c) (pid_t, pid_t, CInt) -> CInt
    guard let symbol = dlsym(nil, "tgkill") else { return false }
    return unsafeBitCast(symbol, to: Function.self)(process, thread, signal) == 0
}
