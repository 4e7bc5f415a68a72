import CLinux

/// The clock that people read (CLOCK_REALTIME).
public enum WallClock {
    /// Whether the kernel believes that somebody keeps it right, such as chrony (adjtimex(2)). `nil` when it does not say.
    public static var isSynchronized: Bool? {
        switch clinux_clock_is_synchronized() {
        case 0: false
        case 1: true
        default: nil
        }
    }
}
