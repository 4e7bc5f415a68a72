/// Turns whose requests need an answer, in their order. There is one at most as long as one thread does everything.
struct AnswerableTurns {
    private var first: Turn?
    private var others: [Turn] = []

    mutating func append(_ turn: consuming Turn) {
        if first == nil { first = turn } else { others.append(turn) }
    }

    mutating func next() -> Turn? {
        guard let turn = first.take() else { return nil }
        if !others.isEmpty { first = others.removeFirst() }
        return turn
    }
}
