/// The answer to one request of a group, which is sent when the group's writes are committed.
struct GroupAnswer {
    let turn: Turn
    var response: Response

    /// Whether the body is written piece by piece.
    var isStreamed: Bool {
        if case .stream = response.body { turn.record.head.method != .head } else { false }
    }
}
