import Glibc
import HTTPTypes
import Linux
import Synchronization
import Testing

@testable import HTTPServer

@Suite("Nobody waits behind somebody else's wait", .serialized)
struct WaitingPropertyTests {
    /// How long a request may wait although a thread is free: far more than the 5 ms of the watch, for threads of the test
    /// and of the server lose their processor on a loaded machine, and far less than the slow handlers take.
    private static let tolerance = 1.0

    @Test("over random loads no request waits while a thread is free", arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) throws {
        var configuration = ServerConfiguration()
        configuration.maxThreads = 6
        let server = try LiveServer(configuration) { router in
            router.get("/slow/{ms}") { request in
                usleep(UInt32(request.parameters["ms"] ?? "")! * 1000)
                return .noContent
            }
            router.get("/said/{ms}") { request in
                blocking { _ = usleep(UInt32(request.parameters["ms"] ?? "")! * 1000) }
                return .noContent
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        let late = Mutex<[String]>([])
        let asked = Atomic(0)
        // No more of them than there are threads: whoever waits, waits for no reason.
        let threads = (0..<6).map { number in
            Worker {
                var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(number))
                var client: Client?
                let end = SuspendingClock.now.advanced(by: .seconds(6))
                while SuspendingClock.now < end {
                    let isOneShot = Bool.random(using: &generator)
                    let milliseconds = Int.random(in: 0...7, using: &generator) == 0 ? 2000 : 0
                    let path =
                        milliseconds == 0
                        ? "/quick" : Bool.random(using: &generator) ? "/slow/\(milliseconds)" : "/said/\(milliseconds)"
                    guard let connection = try? client ?? server.connect() else { continue }
                    let start = SuspendingClock.now
                    let answer = connection.get(path, isOneShot ? "Connection: close\r\n" : "")
                    let took = start.duration(to: .now) / .seconds(1)
                    asked.add(1, ordering: .relaxed)
                    if answer?.status != 204 || took > Double(milliseconds) / 1000 + Self.tolerance {
                        late.withLock { $0.append("\(path): \(answer?.status ?? 0) after \(took) s") }
                    }
                    client = isOneShot ? nil : connection
                    if Int.random(in: 0...9, using: &generator) == 0 {
                        usleep(UInt32.random(in: 0...20_000, using: &generator))
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(late.withLock { $0 } == [])
        #expect(asked.load(ordering: .relaxed) > 50)
    }

    /// A thread of the test.
    private final class Worker {
        private let thread: Linux.Thread?

        init(_ body: @escaping @Sendable () -> Void) { thread = try? Thread.start(body) }
        func join() { thread?.join() }
    }
}
