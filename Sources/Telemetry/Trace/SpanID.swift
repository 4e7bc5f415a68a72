/// Which span of a trace: 8 bytes, not all zero (W3C Trace Context, section 3.2.2.4).
public struct SpanID: Hashable, Sendable, CustomStringConvertible {
    /// The bytes as a number, the first one the highest.
    public let value: UInt64

    /// `nil` for zero, which is no id.
    public init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    /// One that follows from two numbers alone: for a request that has an id and is not recorded, so that nothing has to be
    /// remembered of it.
    public init(of first: UInt64, _ second: UInt64) {
        // The mixing of SplitMix64 (G. L. Steele et al., OOPSLA 2014).
        var mixed = first ^ (second &* 0x9E37_79B9_7F4A_7C15)
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        value = mixed == 0 ? 1 : mixed
    }

    /// 16 lowercase hex digits.
    public var description: String { HexText.text(value) }
}
