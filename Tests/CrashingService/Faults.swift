import Glibc
import Linux
import Prefork

/// What Swift traps on, and what never ends.
enum Faults {
    static func commit(_ fault: String) -> Int32 {
        let numbers = Array(fault.utf8.map(Int32.init))
        switch fault {
        case "index": return indexOutOfRange(numbers)
        case "nil": return forcedNil(numbers)
        case "precondition": return brokenPrecondition(numbers)
        case "overflow": return overflow(numbers)
        case "fatalError": return fatal(numbers)
        default: return endless(numbers, 0)
        }
    }

    @inline(never)
    private static func indexOutOfRange(_ numbers: [Int32]) -> Int32 { numbers[numbers.count] }

    @inline(never)
    private static func forcedNil(_ numbers: [Int32]) -> Int32 { numbers.first { $0 == 0 }! }

    @inline(never)
    private static func brokenPrecondition(_ numbers: [Int32]) -> Int32 {
        precondition(numbers.isEmpty)
        return 0
    }

    @inline(never)
    private static func overflow(_ numbers: [Int32]) -> Int32 { numbers.reduce(Int32.max, +) }

    @inline(never)
    private static func fatal(_ numbers: [Int32]) -> Int32 { fatalError("as asked") }

    /// Until the stack is used up.
    @inline(never)
    private static func endless(_ numbers: [Int32], _ depth: Int32) -> Int32 {
        depth == .max ? 0 : endless(numbers, depth + 1) &+ numbers[0]
    }

    /// Two threads, each in a request of its own. The second one's is over its deadline.
    static func stuck(in worker: Worker) -> Int32 {
        begin("/patient", in: worker.slot.lane(0), deadline: .now + .seconds(60))
        _ = try? Thread.start {
            let lane = worker.slot.lane(1)
            lane.attachThread()
            begin("/stuck", in: lane, deadline: .now)
            waitForEver()
        }
        waitForEver()
    }

    private static func begin(_ path: String, in lane: WorkerLane, deadline: MonotonicInstant) {
        let (method, path, id) = (Array("GET".utf8), Array(path.utf8), Array("r".utf8))
        lane.begin(method.span.bytes, path.span.bytes, id: id.span.bytes, startedAt: .now, deadline: deadline)
    }

    @inline(never)
    private static func waitForEver() -> Never {
        while true { pause() }
    }
}
