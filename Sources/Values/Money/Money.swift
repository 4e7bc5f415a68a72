/// An exact amount of one currency, counted in its minor unit (cents).
public struct Money: Hashable, Sendable {
    /// The amount in the currency's minor unit; may be negative.
    public let minorUnits: Int64

    /// The currency.
    public let currency: Currency

    /// So many cents of a currency.
    public init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    /// The sum, nil when the currencies differ or the sum does not fit.
    public func adding(_ other: Money) -> Money? {
        guard currency == other.currency else { return nil }
        let (sum, overflow) = minorUnits.addingReportingOverflow(other.minorUnits)
        return overflow ? nil : Money(minorUnits: sum, currency: currency)
    }

    /// The amount that many times, nil when it does not fit.
    public func times(_ count: Int) -> Money? {
        let (product, overflow) = minorUnits.multipliedReportingOverflow(by: Int64(count))
        return overflow ? nil : Money(minorUnits: product, currency: currency)
    }

    /// The amount in decimal, with all decimal places of the currency: `120.00`, `-0.05`, for the yen `120`.
    public var amount: String {
        let places = currency.decimalPlaces
        // From behind: at most 19 digits, the point and the sign.
        var text = InlineArray<24, UInt8>(repeating: 0)
        var first = text.count
        var rest = minorUnits.magnitude
        var digits = 0
        repeat {
            if digits == places, places > 0 {
                first -= 1
                text[first] = UInt8(ascii: ".")
            }
            first -= 1
            text[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            digits += 1
        } while rest != 0 || digits <= places
        if minorUnits < 0 {
            first -= 1
            text[first] = UInt8(ascii: "-")
        }
        return String(ascii: text.span.extracting(first...))
    }
}

extension Money: CustomStringConvertible {
    /// Amount and currency: `120.00 EUR`.
    public var description: String { amount + " " + currency.code }
}
