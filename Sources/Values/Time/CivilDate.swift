/// A day of the proleptic Gregorian calendar, from 0001-01-01 to 9999-12-31, without time of day and time zone.
///
/// ```swift
/// let arrival = CivilDate("2027-01-10")
/// arrival?.adding(days: 2)?.description  // "2027-01-12"
/// ```
public struct CivilDate: Hashable, Sendable {
    /// Days since 1970-01-01; negative before it.
    public let daysSinceEpoch: Int32

    /// 0001-01-01.
    public static let earliest = CivilDate(trusted: -719_162)

    /// 9999-12-31, the last day that ISO 8601 writes with four digits for the year.
    public static let latest = CivilDate(trusted: 2_932_896)

    private init(trusted days: Int32) {
        daysSinceEpoch = days
    }

    /// The day that many days after 1970-01-01, nil outside `earliest...latest`.
    public init?(daysSinceEpoch days: Int) {
        guard days >= Int(Self.earliest.daysSinceEpoch), days <= Int(Self.latest.daysSinceEpoch) else { return nil }
        self.init(trusted: Int32(days))
    }

    /// The day with this number in the calendar, nil when the calendar has no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        guard day <= Self.days(inMonth: month, ofYear: year) else { return nil }
        self.init(trusted: Int32(Self.dayNumber(year: year, month: month, day: day)))
    }

    /// Reads the extended format of ISO 8601, `YYYY-MM-DD`, exactly: ten characters, ASCII digits, a day that exists.
    public init?(_ text: String) {
        let characters = text.utf8Span.span
        guard characters.count == 10, characters[4] == UInt8(ascii: "-"), characters[7] == UInt8(ascii: "-") else {
            return nil
        }
        func number(_ range: Range<Int>) -> Int? {
            var number = 0
            for position in range {
                let digit = characters[position] &- UInt8(ascii: "0")
                guard digit <= 9 else { return nil }
                number = number * 10 + Int(digit)
            }
            return number
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10) else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// The day in UTC at this moment, counted in seconds since 1970-01-01T00:00:00Z.
    /// A moment outside the calendar gives its first or last day, so that a clock always has a day.
    public init(unixSeconds: Int64) {
        let secondsPerDay: Int64 = 86_400
        let (quotient, remainder) = unixSeconds.quotientAndRemainder(dividingBy: secondsPerDay)
        let days = remainder < 0 ? quotient - 1 : quotient
        let first = Int64(Self.earliest.daysSinceEpoch)
        let last = Int64(Self.latest.daysSinceEpoch)
        self.init(trusted: Int32(min(max(days, first), last)))
    }

    /// The day that many days later, or earlier when negative; nil when it leaves the calendar.
    public func adding(days: Int) -> CivilDate? {
        let (sum, overflow) = Int(daysSinceEpoch).addingReportingOverflow(days)
        return overflow ? nil : CivilDate(daysSinceEpoch: sum)
    }

    /// How many days after this day the other one comes; negative when it comes before.
    public func days(until other: CivilDate) -> Int {
        Int(other.daysSinceEpoch) - Int(daysSinceEpoch)
    }

    /// The year, month (1...12) and day of the month (1...31).
    public var components: (year: Int, month: Int, day: Int) {
        // The calendar repeats every 400 years (an era of 146,097 days). Counting years from 1 March puts the leap day
        // at the end, so that a day of the year alone tells its month.
        let shifted = Int(daysSinceEpoch) + Self.daysFromMarchZeroToEpoch
        let era = (shifted >= 0 ? shifted : shifted - (Self.daysPerEra - 1)) / Self.daysPerEra
        let dayOfEra = shifted - era * Self.daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static let daysPerEra = 146_097
    private static let daysFromMarchZeroToEpoch = 719_468

    private static func dayNumber(year: Int, month: Int, day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear / 400
        let yearOfEra = marchYear - era * 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * daysPerEra + dayOfEra - daysFromMarchZeroToEpoch
    }

    private static func days(inMonth month: Int, ofYear year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension CivilDate: Comparable {
    /// Earlier days come first.
    public static func < (left: CivilDate, right: CivilDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }
}

extension CivilDate: CustomStringConvertible {
    /// `YYYY-MM-DD`, ISO 8601.
    public var description: String {
        var characters = InlineArray<10, UInt8>(repeating: UInt8(ascii: "-"))
        var text = characters.mutableSpan
        let (year, month, day) = components
        text.write(year, into: 0..<4)
        text.write(month, into: 5..<7)
        text.write(day, into: 8..<10)
        return String(ascii: characters.span)
    }
}

extension CivilDate: Validated {
    /// `YYYY-MM-DD`.
    public var raw: String { description }

    /// What it must look like.
    public static var expectation: String { "must be a date of the calendar, written YYYY-MM-DD" }

    /// 2027-01-10.
    public static var example: CivilDate { CivilDate(trusted: 20_828) }

    /// JSON Schema's word for it.
    public static var constraints: Constraints { Constraints(format: "date") }
}
