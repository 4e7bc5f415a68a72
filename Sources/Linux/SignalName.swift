import CLinux

/// Signals by name, as people know them.
public enum SignalName {
    /// "SIGTERM" for 15 (sigabbrev_np(3)).
    public static func of(_ signal: CInt) -> String {
        guard let name = unsafe clinux_signal_name(signal) else { return "signal \(signal)" }
        return unsafe "SIG" + String(cString: name)
    }
}
