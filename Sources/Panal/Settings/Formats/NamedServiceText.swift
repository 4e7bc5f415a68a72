public import HTTPClient

/// Another service, and what this one calls it.
public struct NamedService: Hashable, Sendable {
    /// 1 to 64 letters, digits, `.`, `-`, `_`, `:`, `[` and `]`.
    public let name: String
    /// Where it is.
    public let url: BaseURL

    /// A base URL with a name and `=` in front of it, or alone: then it goes by its host and port. Nil for anything else.
    init?(_ text: String) {
        let start = text.firstRange(of: "://")?.lowerBound ?? text.startIndex
        let equals = text[..<start].firstIndex(of: "=")
        guard let url = BaseURL(String(equals.map { text[text.index(after: $0)...] } ?? text[...])) else { return nil }
        let name = equals.map { String(text[..<$0]) } ?? url.authority
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isOfName) else { return nil }
        self.name = name
        self.url = url
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ".-_:[]".utf8.contains(byte)
        }
    }

    /// The text of such a list, as far as it may be shown: one that seems to have credentials in it is a fault, and hidden whole.
    @Sendable
    public static func redacted(_ text: String) -> String {
        text.contains { "@?".contains($0) } ? "<redacted: credentials and queries do not belong into a base URL>" : text
    }
}

extension SettingFormat<[NamedService]> {
    /// Other services that this one calls: base URLs separated by commas, each perhaps with a name in front
    /// (`sea-view=https://hotel.example.org`). No name may come twice, and no URL. Unset is none.
    ///
    /// Declare such a setting with `redact: NamedService.redacted`, so that nobody's password is shown.
    /// - Parameter most: How many there may be.
    public static func services(atMost most: Int) -> SettingFormat {
        let expected =
            "at most \(most) base URLs separated by commas, such as https://hotel.example.org or, with a name in front, "
            + "sea-view=https://hotel.example.org; without user, query and fragment, no name and no URL twice"
        return SettingFormat(expected) { text in
            guard let services = ListText.parse(text, NamedService.init), services.count <= most,
                Set(services.map(\.name)).count == services.count, Set(services.map(\.url)).count == services.count
            else { return nil }
            return services
        }
    }
}
