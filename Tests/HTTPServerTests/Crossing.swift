import Linux
import Synchronization

/// Handlers that wait until the test lets them go on, and how many of them do.
final class Crossing: Sendable {
    private let arrivals = Semaphore()
    private let green = Semaphore()
    private let inside = Mutex((now: 0, most: 0))
    private let names = Mutex<[String]>([])

    /// The most that were inside at the same time.
    var most: Int { inside.withLock { $0.most } }
    /// Who came, in order.
    var order: [String] { names.withLock { $0 } }

    /// Called by a handler.
    func pass(_ name: String = "") {
        inside.withLock { inside in
            inside.now += 1
            inside.most = max(inside.most, inside.now)
        }
        names.withLock { $0.append(name) }
        arrivals.signal()
        green.wait()
        inside.withLock { $0.now -= 1 }
    }

    func waitForArrival(_ count: Int = 1) { for _ in 0..<count { arrivals.wait() } }
    func letGo(_ count: Int = 1) { for _ in 0..<count { green.signal() } }
}
