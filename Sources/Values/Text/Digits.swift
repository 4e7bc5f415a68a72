extension String {
    /// ASCII characters, gathered where they cost no allocation of their own. Anything else traps.
    public init(ascii characters: Span<UInt8>) {
        guard let text = try? UTF8Span(validating: characters) else { preconditionFailure("ASCII is UTF-8") }
        self.init(copying: text)
    }
}

extension MutableSpan<UInt8> {
    /// Writes a number that is not negative in decimal digits with leading zeros; the digits fill the range, and those
    /// that do not fit are left out at the front.
    @inlinable
    public mutating func write(_ number: Int, into range: Range<Int>) {
        write(UInt(number), into: range)
    }

    /// Writes a number as above, of any size.
    @inlinable
    public mutating func write(_ number: UInt, into range: Range<Int>) {
        var rest = number
        var position = range.upperBound
        while position > range.lowerBound {
            position -= 1
            self[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}

extension UInt {
    /// How many decimal digits the number has, at least one.
    @inlinable
    public var decimalDigitCount: Int {
        // Most numbers in messages are this short: statuses, sizes, milliseconds.
        if self < 10 { return 1 }
        if self < 100 { return 2 }
        if self < 1000 { return 3 }
        var count = 3
        var rest = self / 1000
        while rest > 0 {
            count += 1
            rest /= 10
        }
        return count
    }
}

extension Int {
    /// Reads ASCII digits only: no sign, no space, no more than nine of them.
    public init?(digits text: String) {
        guard (1...9).contains(text.utf8.count) else { return nil }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        self.init(text)
    }
}
