/// A request id made by this server: 16 hexadecimal digits drawn when the server starts (so forked siblings differ),
/// a `-`, and a counter.
struct RequestID: Sendable {
    private static let prefixCount = 17
    private var bytes = InlineArray<34, UInt8>(repeating: UInt8(ascii: "-"))
    private var count = 1

    init() {}

    func withBytes<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try read(bytes.span.extracting(0..<count))
    }

    /// The ids of one server.
    struct Sequence {
        private var next: RequestID
        private var counter: UInt64 = 0

        init() {
            next = RequestID()
            let prefix = UInt64.random(in: .min ... .max)
            for index in 0..<16 {
                next.bytes[index] = ASCII.hexDigit(UInt8(truncatingIfNeeded: prefix >> (4 * UInt64(index))) & 15)
            }
        }

        mutating func make() -> RequestID {
            counter &+= 1
            let digits = max(1, (67 - counter.leadingZeroBitCount) / 4)
            for index in 0..<digits {
                let digit = UInt8(truncatingIfNeeded: counter >> (4 * UInt64(digits - 1 - index))) & 15
                next.bytes[RequestID.prefixCount + index] = ASCII.hexDigit(digit)
            }
            next.count = RequestID.prefixCount + digits
            return next
        }
    }
}
