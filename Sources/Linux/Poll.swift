import CLinux
import Glibc

/// Waiting for a few descriptors, once (ppoll(2)).
///
/// ```swift
/// var poll = Poll()
/// let signalled = poll.add(signals.rawValue, .read)
/// poll.wait(atMost: .seconds(1))
/// if poll.isReady(signalled) { … }
/// ```
public struct Poll {
    /// What to be told about a descriptor. Errors and ends are always told.
    public enum Interest: Sendable {
        /// That it can be read.
        case read
        /// That it can be written.
        case write
    }

    private var descriptors: [pollfd] = []

    /// Of nothing yet.
    public init() {}

    /// Waits for this one too. Returns its place, for ``isReady(_:)``.
    @discardableResult
    public mutating func add(_ descriptor: CInt, _ interest: Interest) -> Int {
        let events = Int16(interest == .read ? POLLIN : POLLOUT)
        descriptors.append(pollfd(fd: descriptor, events: events, revents: 0))
        return descriptors.count - 1
    }

    /// Waits until one of them is ready, or a signal handler has run, or the time is up.
    /// - Parameter duration: `nil` waits for ever.
    public mutating func wait(atMost duration: Duration?) {
        let timeout = duration.map { max(0, $0.nanoseconds) } ?? -1
        let count = CInt(descriptors.count)
        if unsafe clinux_poll(&descriptors, count, timeout) <= 0 {
            for index in descriptors.indices { descriptors[index].revents = 0 }
        }
    }

    /// Whether the last wait found it ready, at its end, or faulty.
    public func isReady(_ index: Int) -> Bool { descriptors[index].revents != 0 }

    /// Whether a descriptor is ready now.
    public static func isReady(_ descriptor: CInt, _ interest: Interest) -> Bool {
        var poll = Poll()
        poll.add(descriptor, interest)
        poll.wait(atMost: .zero)
        return poll.descriptors[0].revents & poll.descriptors[0].events != 0
    }
}
