/// What Swift traps on.
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
}
