/// The caller's place in a distributed trace, from the `traceparent` field (W3C Trace Context, section 3.2).
public struct TraceContext: Sendable, Hashable {
    /// 32 lowercase hex digits, the same in every service that the trace passes.
    public let traceID: String
    /// 16 lowercase hex digits: the caller's span.
    public let parentID: String
    /// Whether the caller records this trace.
    public let isSampled: Bool

    /// Reads a field value; `nil` when it is malformed, for then the caller's trace must be ignored (section 3.2.2.5).
    public init?(traceparent value: String) {
        let parts = value.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, let version = TraceContext.hex(parts[0], count: 2), version != "ff" else { return nil }
        // Version 00 has exactly four parts; a later one may append more.
        guard version != "00" || parts.count == 4 else { return nil }
        guard let trace = TraceContext.hex(parts[1], count: 32), trace.contains(where: { $0 != "0" }),
            let parent = TraceContext.hex(parts[2], count: 16), parent.contains(where: { $0 != "0" }),
            let flags = TraceContext.hex(parts[3], count: 2), let bits = UInt8(flags, radix: 16)
        else { return nil }
        traceID = trace
        parentID = parent
        isSampled = bits & 1 == 1
    }

    private static func hex(_ text: Substring, count: Int) -> String? {
        guard text.utf8.count == count else { return nil }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
        let isHex = text.utf8.allSatisfy { digits.contains($0) || letters.contains($0) }
        return isHex ? String(text) : nil
    }
}
