import Glibc
import Values

/// The `Date` field line (RFC 9110 sections 5.6.7 and 6.6.1), made anew when the wall clock's second changes.
struct DateHeader {
    private(set) var line: [UInt8] = []
    private var validUntil = Int64.min

    /// Looks at the wall clock when the second is over.
    /// - Parameter now: Nanoseconds of the monotonic clock.
    @inline(__always)
    mutating func update(now: Int64) {
        if now >= validUntil { make(now: now) }
    }

    private mutating func make(now: Int64) {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        validUntil = now + 1_000_000_000 - Int64(time.tv_nsec)
        line = Array("Date: \(Self.text(of: time.tv_sec))\r\n".utf8)
    }

    /// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    /// - Parameter seconds: Since 1970.
    static func text(of seconds: Int) -> String {
        let date = CivilDate(unixSeconds: Int64(seconds))
        let (year, month, day) = date.components
        let second = seconds - Int(date.daysSinceEpoch) * 86_400
        // 1970-01-01 was a Thursday.
        let weekday = (Int(date.daysSinceEpoch) % 7 + 7) % 7
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(weekdays[weekday]), \(digits(day)) \(months[month - 1]) \(digits(year, count: 4)) "
            + "\(digits(second / 3600)):\(digits(second / 60 % 60)):\(digits(second % 60)) GMT"
    }

    /// The last digits of a number, with leading zeros.
    private static func digits(_ number: Int, count: Int = 2) -> String {
        var digits = InlineArray<4, UInt8>(repeating: 0)
        var text = digits.mutableSpan
        text.write(number, into: 0..<count)
        return String(ascii: digits.span.extracting(..<count))
    }
}
