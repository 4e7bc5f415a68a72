extension String {
    /// A non-negative number in decimal digits, with leading zeros up to that many digits.
    init(decimal number: Int, digits: Int) {
        let text = String(number)
        self = String(repeating: "0", count: Swift.max(0, digits - text.utf8.count)) + text
    }
}

extension Int {
    /// Reads ASCII digits only: no sign, no space, no more than nine of them.
    init?(digits text: String) {
        guard (1...9).contains(text.utf8.count) else { return nil }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        self.init(text)
    }
}
