import Glibc

/// A moment on the monotonic clock after which a wait gives up.
///
/// The waits of these tests end by an event; the deadline only turns a hang into a failure, so it is generous.
struct Deadline: Sendable {
    /// What a loaded machine with two cores never needs, and a person still waits for.
    static var generous: Deadline { .after(30) }

    private let instant: ContinuousClock.Instant

    static func after(_ seconds: Double) -> Deadline {
        Deadline(instant: .now + .seconds(seconds))
    }

    var isOver: Bool { ContinuousClock.now >= instant }

    var secondsLeft: Double {
        max(0, (instant - ContinuousClock.now).inSeconds)
    }

    var monotonicTime: timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = now.tv_nsec + Int(secondsLeft * 1e9)
        return timespec(tv_sec: now.tv_sec + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    }
}

/// Looks again and again, for conditions that nobody announces (a process gone from /proc); false when time is over.
func eventually(by deadline: Deadline = .generous, _ condition: () throws -> Bool) rethrows -> Bool {
    while true {
        if try condition() { return true }
        if deadline.isOver { return false }
        usleep(2_000)
    }
}

/// The wall clock as log lines write it, in seconds since 1970.
func wallClock() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

extension [Double] {
    var median: Double {
        precondition(!isEmpty)
        return sorted()[count / 2]
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
