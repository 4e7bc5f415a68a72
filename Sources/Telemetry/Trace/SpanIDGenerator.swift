/// Random numbers for ids: xoshiro256++ (D. Blackman and S. Vigna, 2019), seeded by the system. It belongs to one thread; a system
/// call for each id would cost more than all else that a span does.
struct SpanIDGenerator: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init() {
        var system = SystemRandomNumberGenerator()
        // All zero would stay so.
        state = (system.next() | 1, system.next(), system.next(), system.next())
    }

    mutating func next() -> UInt64 {
        func rotated(_ value: UInt64, by count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
        let result = rotated(state.0 &+ state.3, by: 23) &+ state.0
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotated(state.3, by: 45)
        return result
    }

    mutating func spanID() -> SpanID {
        while true {
            if let id = SpanID(next()) { return id }
        }
    }
}
