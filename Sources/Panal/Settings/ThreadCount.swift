/// How many handlers of a worker may wait at the same time: `4` or `auto`.
public enum ThreadCount: Hashable, Sendable {
    /// As many as services that mostly wait have use for, fewer where the database's connections are not enough for them. They
    /// are made on demand, so that too many cost nothing.
    case auto
    /// So many.
    case fixed(Int)

    /// More would be better off in more workers; it also bounds the scoreboard.
    public static let limit = 60

    init?(_ text: String) {
        if text == "auto" {
            self = .auto
        } else if let count = WholeNumberText.parse(text, in: 1...Self.limit) {
            self = .fixed(count)
        } else {
            return nil
        }
    }

    /// How many that is where nothing else limits them.
    public var count: Int {
        switch self {
        case .auto: 16
        case .fixed(let count): count
        }
    }
}
