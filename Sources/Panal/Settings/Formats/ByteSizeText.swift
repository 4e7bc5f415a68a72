/// Sizes as people write them: `1048576`, `512KB`, `1MB`, `64MiB`.
enum ByteSizeText {
    static func expected(atMost maximum: Int) -> String {
        "a size in bytes such as 1048576, 512KB, 1MB or 64MiB, at most \(maximum >> 30)GiB"
    }

    static func parse(_ text: String, atMost maximum: Int) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = WholeNumberText.parse(digits) else { return nil }
        let factor: Int
        switch text[digits.endIndex...].uppercased() {
        case "", "B": factor = 1
        case "KB": factor = 1000
        case "MB": factor = 1_000_000
        case "GB": factor = 1_000_000_000
        case "KIB": factor = 1 << 10
        case "MIB": factor = 1 << 20
        case "GIB": factor = 1 << 30
        default: return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow || bytes > maximum ? nil : bytes
    }
}
