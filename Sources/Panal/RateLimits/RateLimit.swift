/// So many requests in so long: `100/s`, `5000/m`, `20/10s`.
///
/// In any span of time *t* at most `count` × (1 + *t* / `window`) are admitted, as by a token bucket that holds `count` and is filled
/// again within a window; and no more than `count` between two multiples of `window` on the monotonic clock.
public struct RateLimit: Sendable, Hashable, CustomStringConvertible {
    /// 1 to 1,000,000.
    public let count: Int
    /// Whole seconds, one at least, an hour at most.
    public let window: Duration

    /// The largest count: two of them fit into a word, with the time.
    static let mostCount = 1_000_000
    static let mostSeconds: Int64 = 3600
    static let expected = "a number and a time, such as 100/s, 5000/m or 20/10s; 1 to 1000000, and 1s to 1h"

    /// Nil unless both are within their bounds.
    public init?(count: Int, window: Duration) {
        let (seconds, rest) = window.components
        guard (1...Self.mostCount).contains(count), (1...Self.mostSeconds).contains(seconds), rest == 0 else {
            return nil
        }
        self.count = count
        self.window = window
    }

    /// Reads the text.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let count = WholeNumberText.parse(parts[0]), !parts[0].isEmpty else { return nil }
        let unit = parts[1].first.map { $0.isLetter } == true ? "1" + parts[1] : String(parts[1])
        // A plain number is seconds elsewhere; here it could be anything.
        guard unit.last?.isLetter == true, let window = DurationText.parse(unit) else { return nil }
        self.init(count: count, window: window)
    }

    /// Of the window.
    var seconds: Int64 { window.components.seconds }

    /// As it is written.
    public var description: String {
        switch seconds {
        case 1: "\(count)/s"
        case 60: "\(count)/m"
        case 3600: "\(count)/h"
        default: "\(count)/\(seconds)s"
        }
    }
}

extension SettingFormat where Value == RateLimit? {
    /// A limit, or none.
    static var optionalRateLimit: SettingFormat<RateLimit?> {
        SettingFormat(RateLimit.expected) { text in
            if text.isEmpty { return .some(nil) }
            return RateLimit(text).map { .some($0) }
        }
    }
}
