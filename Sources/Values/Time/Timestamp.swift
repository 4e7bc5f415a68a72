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

extension Timestamp: Validated {
    /// Reads RFC 3339 (section 5.6) exactly: date, `T`, time to the second or finer, and `Z` or an offset. What is finer than a
    /// microsecond is cut off. Leap seconds, and moments outside the years 1 to 9999 in UTC, are refused.
    public init?(_ text: String) {
        var rest = text.utf8[...]
        guard rest.count > 19, let day = CivilDate(String(Substring(rest.prefix(10)))) else { return nil }
        rest = rest.dropFirst(10)
        guard let separator = rest.popFirst(), separator | 0x20 == UInt8(ascii: "t"),
            let hour = Self.takeTwoDigits(&rest, below: 24), rest.popFirst() == UInt8(ascii: ":"),
            let minute = Self.takeTwoDigits(&rest, below: 60), rest.popFirst() == UInt8(ascii: ":"),
            let second = Self.takeTwoDigits(&rest, below: 60), let fraction = Self.takeFraction(&rest),
            let offset = Self.takeOffset(&rest), rest.isEmpty
        else { return nil }
        let seconds = Int64(day.daysSinceEpoch) * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset * 60)
        let microseconds = seconds * 1_000_000 + fraction
        self.init(microsecondsSinceEpoch: microseconds)
        guard microsecondsSinceEpoch == microseconds else { return nil }
    }

    /// RFC 3339 in UTC, to the second.
    public var raw: String { description }

    /// What it must look like.
    public static var expectation: String { "must be a moment as RFC 3339 writes it, such as \(example)" }

    /// 2027-01-10T09:30:00Z.
    public static var example: Timestamp { Timestamp(unixSeconds: 1_799_573_400) }

    /// JSON Schema's word for it.
    public static var constraints: Constraints { Constraints(format: "date-time") }

    private static func takeTwoDigits(_ rest: inout Substring.UTF8View, below limit: Int) -> Int? {
        guard let number = Int(digits: String(Substring(rest.prefix(2)))), rest.count >= 2, number < limit else {
            return nil
        }
        rest = rest.dropFirst(2)
        return number
    }

    /// A point and at least one digit, if there is a point; in microseconds.
    private static func takeFraction(_ rest: inout Substring.UTF8View) -> Int64? {
        guard rest.first == UInt8(ascii: ".") else { return 0 }
        rest = rest.dropFirst()
        var microseconds: Int64 = 0
        var unit: Int64 = 100_000
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        for digit in digits {
            microseconds += Int64(digit - UInt8(ascii: "0")) * unit
            unit /= 10
        }
        rest = rest[digits.endIndex...]
        return digits.isEmpty ? nil : microseconds
    }

    /// How many minutes ahead of UTC.
    private static func takeOffset(_ rest: inout Substring.UTF8View) -> Int? {
        guard let sign = rest.popFirst() else { return nil }
        if sign | 0x20 == UInt8(ascii: "z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hour = takeTwoDigits(&rest, below: 24),
            rest.popFirst() == UInt8(ascii: ":"), let minute = takeTwoDigits(&rest, below: 60)
        else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hour * 60 + minute)
    }
}
