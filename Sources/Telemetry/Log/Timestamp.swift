import Glibc

/// A moment of the wall clock, for people and logs; deadlines use the monotonic clock.
public struct Timestamp: Sendable, Hashable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (time(7)).
    public let microsecondsSinceEpoch: Int64

    /// The moment `microseconds` after the epoch.
    public init(microsecondsSinceEpoch microseconds: Int64) {
        microsecondsSinceEpoch = microseconds
    }

    /// The moment `milliseconds` after the epoch.
    public init(millisecondsSinceEpoch milliseconds: Int64) {
        microsecondsSinceEpoch = milliseconds * 1000
    }

    /// The present moment.
    public static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Whole seconds since the epoch, rounded down.
    var secondsSinceEpoch: Int64 { microsecondsSinceEpoch.flooredQuotient(1_000_000) }

    /// What the seconds leave: 0 to 999.
    var milliseconds: Int { Int(microsecondsSinceEpoch.modulo(1_000_000) / 1000) }

    /// How long ``textToSeconds`` is, in bytes.
    static let secondsLength = 19

    /// RFC 3339 text in UTC up to the seconds, without zone: `2026-11-24T03:14:15`.
    var textToSeconds: [UInt8] {
        let seconds = secondsSinceEpoch
        let secondOfDay = Int(seconds.modulo(86400))
        let (year, month, day) = Timestamp.civil(daysSinceEpoch: Int(seconds.flooredQuotient(86400)))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Timestamp.secondsLength)
        digits(year, 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(month, 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(day, 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        digits(secondOfDay / 3600, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(secondOfDay / 60 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(secondOfDay % 60, 2, to: &bytes)
        return bytes
    }

    private func digits(_ value: Int, _ width: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// The proleptic Gregorian date of a day number. Counting years from March puts the leap day last, so that month
    /// lengths follow one linear formula.
    private static func civil(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = Int64(days) + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (Int(era) * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }

    fileprivate func modulo(_ divisor: Int64) -> Int64 {
        self - flooredQuotient(divisor) * divisor
    }
}
