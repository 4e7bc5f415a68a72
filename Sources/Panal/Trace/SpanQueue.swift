import Telemetry

/// Spans that wait for the collector, first in, first out, and no more than so many.
struct SpanQueue {
    private var spans: [SpanRecord] = []
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { spans.count }

    /// Takes as many as there is room for.
    /// - Returns: How many it did not.
    mutating func append(_ new: [SpanRecord]) -> Int {
        let room = max(0, limit - spans.count)
        spans += new.prefix(room)
        return max(0, new.count - room)
    }

    /// The first ones.
    mutating func removeFirst(atMost count: Int) -> [SpanRecord] {
        let first = Array(spans.prefix(count))
        spans.removeFirst(first.count)
        return first
    }
}
