/// A moment of UTC, in microseconds, inside the years 1 to 9999.
public struct Timestamp: Hashable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
    public let microsecondsSinceEpoch: Int64

    /// The moment that many microseconds after 1970-01-01T00:00:00Z. One outside the years 1 to 9999 becomes the nearest
    /// inside, so that a clock always has a time.
    public init(microsecondsSinceEpoch microseconds: Int64) {
        let first = Int64(CivilDate.earliest.daysSinceEpoch) * Self.microsecondsPerDay
        let last = (Int64(CivilDate.latest.daysSinceEpoch) + 1) * Self.microsecondsPerDay - 1
        microsecondsSinceEpoch = min(max(microseconds, first), last)
    }

    /// The moment a clock such as clock_gettime(2) with CLOCK_REALTIME gave.
    public init(unixSeconds seconds: Int64, nanoseconds: Int64 = 0) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let whole = overflow ? (seconds < 0 ? Int64.min : Int64.max) : product
        let (sum, excess) = whole.addingReportingOverflow(nanoseconds / 1_000)
        self.init(microsecondsSinceEpoch: excess ? whole : sum)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    public var unixSeconds: Int64 {
        let (seconds, rest) = microsecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }

    /// The day in UTC.
    public var date: CivilDate { CivilDate(unixSeconds: unixSeconds) }

    /// The moment that much later.
    public func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (whole, excess) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflow) = microsecondsSinceEpoch.addingReportingOverflow(
            (excess ? (seconds < 0 ? -Int64.max / 2 : .max / 2) : whole) + attoseconds / 1_000_000_000_000
        )
        return Timestamp(microsecondsSinceEpoch: overflow ? (seconds < 0 ? .min : .max) : sum)
    }

    private static let microsecondsPerDay: Int64 = 86_400_000_000
}

extension Timestamp: Comparable {
    /// Earlier moments come first.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC, to the second: `2026-11-24T03:14:15Z`.
    public var description: String {
        let day = date
        let second = Int(unixSeconds - Int64(day.daysSinceEpoch) * 86_400)
        var characters = InlineArray<10, UInt8>(repeating: UInt8(ascii: ":"))
        var text = characters.mutableSpan
        text[0] = UInt8(ascii: "T")
        text.write(second / 3_600, into: 1..<3)
        text.write(second / 60 % 60, into: 4..<6)
        text.write(second % 60, into: 7..<9)
        text[9] = UInt8(ascii: "Z")
        return day.description + String(ascii: characters.span)
    }
}
