import Linux

/// Waits for descriptors to be ready, and names one after the other.
///
/// Its timer is a descriptor too. Deadlines mostly move on before they come, so it is set only when one is nearer than
/// what it is set to: with a timeout of its own, each wait would have the kernel set up a timer and take it down again.
struct Poller: ~Copyable {
    let epoll: Epoll
    private let timer: TimerDescriptor
    /// When it goes off, in nanoseconds of the monotonic clock.
    private var timerEnd = Int64.max
    private var count = 0
    private var position = 0

    init() throws(SystemError) {
        let epoll = try Epoll()
        let timer = try TimerDescriptor(isNonBlocking: true)
        guard epoll.add(timer.rawValue, .read) else { throw SystemError("epoll_ctl") }
        self.epoll = epoll
        self.timer = timer
    }

    /// - Parameter deadline: When to stop waiting, in nanoseconds of the monotonic clock; `Int64.min` does not wait,
    ///   `Int64.max` waits for ever. It may stop earlier.
    mutating func wait(until deadline: Int64) {
        if deadline < timerEnd, deadline != .min {
            timer.set(to: MonotonicInstant(nanoseconds: deadline))
            timerEnd = deadline
        }
        count = epoll.wait(timeout: deadline == .min ? 0 : -1)
        position = 0
    }

    /// Whether the last wait found more than has been named.
    var hasMore: Bool { position < count }

    /// The next descriptor that the last wait found ready.
    mutating func next() -> CInt? {
        while position < count {
            let descriptor = epoll.ready(position)
            position += 1
            guard descriptor == timer.rawValue else { return descriptor }
            timer.wait()
            timerEnd = .max
        }
        return nil
    }
}
