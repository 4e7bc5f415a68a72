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
    /// - Parameter known: Processes that live beside the supervisor, for a kernel that does not tell all of them.
    func read(supervisor: Int32, known: [Int32]) -> Double {
        var total = 0.0
        for _ in 0..<Self.attempts {
            guard let before = ProcessorTimes(of: supervisor) else { break }
            total = Self.children(of: supervisor, known: known).reduce(before.own + before.children) { sum, child in
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

    /// Those that have not been waited for (proc(5), children): a supervisor has one thread.
    private static func children(of supervisor: Int32, known: [Int32]) -> Set<Int32> {
        let text = SystemFile.read("/proc/\(supervisor)/task/\(supervisor)/children") ?? ""
        return Set(known).union(text.split { $0 == " " || $0 == "\n" }.compactMap { Int32($0) })
    }
}
