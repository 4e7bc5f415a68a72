import CLinux
import Glibc

/// Signals read like a file (signalfd(2)). They must be blocked.
public final class SignalDescriptor: Sendable {
    private let descriptor: FileDescriptor

    /// For these signals. Non-blocking, closed on exec.
    public init(_ signals: SignalSet) throws(SystemError) {
        var set = signals.bits
        descriptor = try FileDescriptor(
            unsafe signalfd(-1, &set, CLINUX_SFD_CLOEXEC | CLINUX_SFD_NONBLOCK),
            of: "signalfd"
        )
    }

    /// The descriptor, readable when a signal has come.
    public var rawValue: CInt { descriptor.rawValue }

    /// The signals that came since the last time, each at most once.
    public func read() -> [CInt] {
        var signals: [CInt] = []
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while unsafe Glibc.read(rawValue, &info, size) == size {
            let signal = CInt(info.ssi_signo)
            if !signals.contains(signal) { signals.append(signal) }
        }
        return signals
    }
}
