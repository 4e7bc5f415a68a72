import CLinux
import Glibc

/// The supervisor's signals, read like a file (signalfd(2)). They must be blocked.
final class SignalDescriptor {
    let descriptor: CInt

    init(_ signals: [CInt]) throws(SystemError) {
        var set = SignalSet.set(of: signals)
        descriptor = unsafe signalfd(-1, &set, CLINUX_SFD_CLOEXEC | CLINUX_SFD_NONBLOCK)
        guard descriptor >= 0 else { throw SystemError("signalfd") }
    }

    deinit { close(descriptor) }

    /// The signals that came since the last time, each at most once.
    func read() -> [CInt] {
        var signals: [CInt] = []
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while unsafe Glibc.read(descriptor, &info, size) == size {
            let signal = CInt(info.ssi_signo)
            if !signals.contains(signal) { signals.append(signal) }
        }
        return signals
    }
}
