import Glibc
import Linux
import Prefork

/// How long all processes of a service have been on a processor since it began, those that have ended among them.
///
/// The kernel adds the time of a child that has ended to that of the supervisor, which waits for it, in one step: so it is in
/// one of the two. Both are looked at one after the other; what is read never goes back.
final class ServiceProcessorTime: Sendable {
    private let most = Lock(0.0)

    /// In seconds.
    /// - Parameter children: The processes that live, beside the supervisor.
    func read(supervisor: Int32, children: [Int32]) -> Double {
        var total = 0.0
        for _ in 0..<Self.attempts {
            guard let before = ProcessorTimes(of: supervisor) else { break }
            total = children.reduce(before.own + before.children) { sum, child in
                let times = ProcessorTimes(of: child)
                return sum + (times?.own ?? 0) + (times?.children ?? 0)
            }
            // Somebody may have ended meanwhile.
            if ProcessorTimes(of: supervisor)?.children == before.children { break }
        }
        return most.withLock { most in
            most = max(most, total)
            return most
        }
    }

    private static let attempts = 3
}
