import Glibc
import HTTPTypes
import Linux

/// When a request entered the platform, as its router says in `X-Request-Start`: `t=` and seconds, or milliseconds or
/// microseconds since 1970 (Heroku, nginx' `$msec`, Apache's `%t`).
enum RequestStart {
    static let fieldName: HTTPField.Name = {
        guard let name = HTTPField.Name("X-Request-Start") else { preconditionFailure("no field name") }
        return name
    }()

    /// More than this the clocks of two hosts tell us, not the request.
    private static let longestAge: Int64 = 3_600_000_000_000

    /// In seconds: more nanoseconds than these have no room in 64 bits (the year 2255).
    private static let latest = 9e9

    /// How long ago that was, in nanoseconds; 0 when it is not said, cannot be, or makes no sense.
    static func age(_ text: String?, now: Int64 = wallClock) -> Int64 {
        guard var text = text?[...] else { return 0 }
        if text.hasPrefix("t=") { text = text.dropFirst(2) }
        guard let number = Double(text), number > 0, number < 1e17 else { return 0 }
        let seconds = number < 1e11 ? number : number < 1e14 ? number / 1e3 : number / 1e6
        guard seconds < latest else { return 0 }
        let age = now - Int64(seconds * 1e9)
        return age > 0 && age <= longestAge ? age : 0
    }

    /// CLOCK_REALTIME in nanoseconds.
    private static var wallClock: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
