import Linux

/// Waits for descriptors to be ready, and names one after the other.
struct Poller: ~Copyable {
    let epoll: Epoll
    private var count = 0
    private var position = 0

    init() throws(SystemError) {
        epoll = try Epoll()
    }

    /// - Parameter timeout: Milliseconds; -1 is forever.
    mutating func wait(timeout: CInt) {
        count = epoll.wait(timeout: timeout)
        position = 0
    }

    /// Whether the last wait found more than has been named.
    var hasMore: Bool { position < count }

    /// The next descriptor that the last wait found ready.
    mutating func next() -> CInt? {
        guard position < count else { return nil }
        defer { position += 1 }
        return epoll.ready(position)
    }
}
