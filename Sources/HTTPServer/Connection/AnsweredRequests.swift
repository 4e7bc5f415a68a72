/// The requests that a turn has answered, in their order. They are a list of their own records: nothing else is allocated
/// for it, and nobody else holds them.
struct AnsweredRequests: ~Copyable {
    private var first: RequestRecord?

    /// - Parameter last: The last one, linked to those before.
    init(_ last: consuming RequestRecord?) {
        var rest = last
        var next: RequestRecord?
        while let record = rest {
            rest = record.answeredBefore.take()
            record.answeredBefore = next
            next = record
        }
        first = next
    }

    /// Takes out the next one.
    mutating func next() -> RequestRecord? {
        guard let record = first.take() else { return nil }
        first = record.answeredBefore.take()
        return record
    }
}
