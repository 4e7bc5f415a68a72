import Linux
public import Logging
import Values

/// A metadata value that is JSON already and is written without quotes.
struct JSONLiteral: CustomStringConvertible, Sendable {
    let description: String
}

extension Logger.MetadataValue {
    /// A whole number that stays a number in the log line.
    public static func number(_ value: some BinaryInteger) -> Logger.MetadataValue {
        .stringConvertible(JSONLiteral(description: String(value)))
    }

    /// A truth value that stays one in the log line.
    public static func flag(_ value: Bool) -> Logger.MetadataValue {
        .stringConvertible(JSONLiteral(description: value ? "true" : "false"))
    }

    /// A duration in milliseconds with three decimals; name the key `…Ms`.
    public static func milliseconds(_ value: Duration) -> Logger.MetadataValue {
        let microseconds = Int(max(0, value.nanoseconds / 1000))
        var fraction = InlineArray<3, UInt8>(repeating: 0)
        var digits = fraction.mutableSpan
        digits.write(microseconds % 1000, into: 0..<3)
        return .stringConvertible(JSONLiteral(description: "\(microseconds / 1000).\(String(ascii: fraction.span))"))
    }
}
