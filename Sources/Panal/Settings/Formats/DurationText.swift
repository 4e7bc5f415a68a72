/// Durations as people write them: `5s`, `250ms`, `2m`, `1h`; a plain number is seconds.
enum DurationText {
    static func expected(atLeast minimum: Duration) -> String {
        let (seconds, attoseconds) = minimum.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        let least = milliseconds == 0 ? "0" : "\(milliseconds)ms"
        return "a duration such as 5s, 250ms or 2m (a plain number is seconds), \(least) to 7 days"
    }

    static func parse(_ text: String, atLeast minimum: Duration = .zero) -> Duration? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number >= 0, number.isFinite else { return nil }
        let secondsPerUnit: Double
        switch text[digits.endIndex...] {
        case "ms": secondsPerUnit = 0.001
        case "s", "": secondsPerUnit = 1
        case "m": secondsPerUnit = 60
        case "h": secondsPerUnit = 3600
        default: return nil
        }
        let seconds = number * secondsPerUnit
        guard seconds <= 7 * 86400 else { return nil }
        let duration = Duration.seconds(seconds)
        return duration >= minimum ? duration : nil
    }
}
