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

extension Money: Validated {
    /// Money as it is written: `{"amount": "12.50", "currency": "EUR"}`. The amount is text, because many readers of JSON turn
    /// numbers into binary fractions.
    public struct Raw: Codable, Hashable, Sendable {
        /// In decimal.
        public let amount: String
        /// By its code.
        public let currency: Currency

        /// This amount of this currency.
        public init(amount: String, currency: Currency) {
            self.amount = amount
            self.currency = currency
        }
    }

    /// Reads an amount in decimal: digits without leading zeros, a minus in front if it is negative, behind a point at most as
    /// many digits as the currency has decimal places. Nil for anything else and for what does not fit.
    public init?(amount text: String, currency: Currency) {
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let whole = rest.prefix { $0 != UInt8(ascii: ".") }
        guard !whole.isEmpty, whole.first != UInt8(ascii: "0") || whole.count == 1 else { return nil }
        rest = rest[whole.endIndex...]
        let places = currency.decimalPlaces
        if !rest.isEmpty {
            rest = rest.dropFirst()
            guard (1...max(1, places)).contains(rest.count), places > 0 else { return nil }
        }
        var minorUnits: Int64 = 0
        // Gathered on the negative side, which reaches one further.
        func take(_ digit: UInt8) -> Bool {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return false }
            let (product, excess) = minorUnits.multipliedReportingOverflow(by: 10)
            let (difference, overflow) = product.subtractingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            minorUnits = difference
            return !excess && !overflow
        }
        guard whole.allSatisfy(take), rest.allSatisfy(take) else { return nil }
        for _ in rest.count..<places {
            guard take(UInt8(ascii: "0")) else { return nil }
        }
        if !isNegative {
            guard minorUnits != .min else { return nil }
            minorUnits = -minorUnits
        }
        self.init(minorUnits: minorUnits, currency: currency)
    }

    /// Reads what ``raw`` writes, see ``init(amount:currency:)``.
    public init?(_ raw: Raw) {
        self.init(amount: raw.amount, currency: raw.currency)
    }

    /// The amount with all decimal places of the currency, and the currency.
    public var raw: Raw { Raw(amount: amount, currency: currency) }

    /// What it must look like.
    public static var expectation: String {
        "must be an amount in decimal such as 12.50, with no more decimal places than its currency has"
    }

    /// 12.50 euros.
    public static var example: Money { Money(minorUnits: 1_250, currency: .euro) }
}
