/// Numbers as ASCII digits, without a String in between.
extension BinaryInteger {
    func appendDecimal(to bytes: inout [UInt8]) {
        if self < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = UInt64(magnitude)
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}

extension Duration {
    /// Milliseconds with three decimals: `12.345`.
    func appendMilliseconds(to bytes: inout [UInt8]) {
        let (seconds, attoseconds) = components
        let microseconds = max(0, seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
        (microseconds / 1000).appendDecimal(to: &bytes)
        bytes.append(UInt8(ascii: "."))
        let fraction = microseconds % 1000
        if fraction < 100 { bytes.append(UInt8(ascii: "0")) }
        if fraction < 10 { bytes.append(UInt8(ascii: "0")) }
        fraction.appendDecimal(to: &bytes)
    }
}
