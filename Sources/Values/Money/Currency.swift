/// A currency by its ISO 4217 code, such as `EUR`.
public struct Currency: Hashable, Sendable {
    /// Three upper-case letters.
    public let code: String

    /// Nil unless the code is three upper-case ASCII letters. Whether the code is in use today is not checked.
    public init?(_ code: String) {
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else {
            return nil
        }
        self.code = code
    }

    private init(trusted code: String) {
        self.code = code
    }

    /// The euro.
    public static let euro = Currency(trusted: "EUR")

    /// Decimal places of the minor unit, by ISO 4217: 2 unless the standard says otherwise.
    public var decimalPlaces: Int {
        Self.unusualDecimalPlaces[code] ?? 2
    }

    private static let unusualDecimalPlaces = [
        "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
        "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
        "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
        "CLF": 4, "UYW": 4,
    ]
}

extension Currency: CustomStringConvertible {
    /// The code.
    public var description: String { code }
}

extension Currency: Validated {
    /// The code.
    public var raw: String { code }

    /// What it must look like.
    public static var expectation: String { "must be the code of a currency, such as EUR" }

    /// The euro.
    public static var example: Currency { euro }

    /// The rule, as a pattern.
    public static var constraints: Constraints { Constraints(minLength: 3, maxLength: 3, pattern: "^[A-Z]{3}$") }
}
