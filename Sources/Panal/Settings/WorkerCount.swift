/// How many workers to run: `4`, `2-8` or `auto`.
public enum WorkerCount: Hashable, Sendable {
    /// One for each usable core, at least two, fewer where memory is short. It follows a control group whose limits change.
    case auto
    /// As many as the load asks for, within these bounds.
    case range(ClosedRange<Int>)

    /// More than any one host should run; it also bounds the scoreboard.
    public static let limit = 200

    init?(_ text: String) {
        if text == "auto" {
            self = .auto
            return
        }
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { WholeNumberText.parse($0) }
        guard bounds.count <= 2, let first = bounds[0], let last = bounds[bounds.count - 1],
            first >= 1, first <= last, last <= WorkerCount.limit
        else { return nil }
        self = .range(first...last)
    }
}
