import CLinux

/// Signals by name, as people know them.
enum SignalName {
    /// "SIGTERM" for 15.
    static func of(_ signal: Int32) -> String {
        guard let name = unsafe clinux_signal_name(signal) else { return "signal \(signal)" }
        return unsafe "SIG" + String(cString: name)
    }

    /// What a process gets for its own fault.
    static let crashes: Set<String> = ["SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT", "SIGSYS"]
}
