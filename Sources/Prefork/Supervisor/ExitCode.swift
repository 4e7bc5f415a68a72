/// How a supervisor ends, as the exit code its process should have (the numbers are those of sysexits.h).
public enum ExitCode: Int32, Sendable {
    /// Stopped as asked: every worker finished its requests and left.
    case stopped = 0
    /// `EX_UNAVAILABLE`: the address could not be bound. Not the supervisor's own: for who opens the ``Listener``.
    case addressUnavailable = 69
    /// `EX_SOFTWARE`: no worker ever became ready, or the process model cannot work here.
    case workersCannotBoot = 70
    /// `EX_TEMPFAIL`: stopped, but workers were still busy when the time was up and had to be killed.
    case workersKilled = 75
}
