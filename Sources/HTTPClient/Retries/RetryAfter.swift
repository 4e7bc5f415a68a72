import Glibc
import HTTPTypes
import Linux

/// The field `Retry-After` (RFC 9110 section 10.2.3): a number of seconds, or a date.
enum RetryAfter {
    /// How long to wait; `nil` when the value says nothing. A moment that has passed is no time at all.
    static func parse(_ value: String, now: Int64 = Int64(time(nil))) -> Duration? {
        let text = value.utf8
        if !text.isEmpty, text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            // A number that does not fit is later than any deadline.
            return .seconds(min(Int64(value) ?? .max, 1 << 31))
        }
        guard let moment = moment(value) else { return nil }
        return .seconds(max(0, moment - now))
    }

    /// IMF-fixdate, the form that senders must use (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func moment(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), let month = months.firstIndex(of: parts[2]),
            let year = Int(parts[3]), (1970...9999).contains(year), (1...31).contains(day)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        var date = unsafe tm()
        unsafe date.tm_year = CInt(year - 1900)
        unsafe date.tm_mon = CInt(month)
        unsafe date.tm_mday = CInt(day)
        unsafe date.tm_hour = CInt(clock[0])
        unsafe date.tm_min = CInt(clock[1])
        unsafe date.tm_sec = CInt(clock[2])
        return unsafe Int64(timegm(&date))
    }

    private static let months: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension HTTPField.Name {
    static let idempotencyKey: HTTPField.Name = known("Idempotency-Key")
    static let traceparent: HTTPField.Name = known("traceparent")
    static let requestID: HTTPField.Name = known("X-Request-ID")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        return name
    }
}
