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
        switch code {
        case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF":
            0
        case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
        case "CLF", "UYW": 4
        default: 2
        }
    }
}

extension Currency: CustomStringConvertible {
    /// The code.
    public var description: String { code }
}
