/// Which trace: 16 bytes, not all zero, the same in every service that the trace passes (W3C Trace Context, section 3.2.2.3).
public struct TraceID: Hashable, Sendable, CustomStringConvertible {
    /// The first eight bytes.
    public let high: UInt64
    /// The last eight.
    public let low: UInt64

    /// `nil` for zero, which is no id.
    public init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// 32 lowercase hex digits.
    public var description: String { HexText.text(high) + HexText.text(low) }
}
