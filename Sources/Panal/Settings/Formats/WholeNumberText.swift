/// Whole numbers in ASCII digits alone: no sign, no space, no digits of other scripts.
enum WholeNumberText {
    static func parse(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(text)
    }

    static func parse(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Int? {
        parse(text).flatMap { range.contains($0) ? $0 : nil }
    }
}
