import Linux

/// Where a request goes, taken from its URL (RFC 3986), of which only what services use is taken: `http` or `https`, a host in
/// ASCII, a port, no credentials, and no byte that would have to be escaped. So there is nothing that two readers of the
/// URL could read differently.
struct Target: Sendable {
    /// As it came, without a fragment.
    let url: String
    let isSecure: Bool
    /// As it came, in lower case; an IPv6 address in its brackets.
    let host: String
    let port: Int
    /// Scheme, host and port: `https://rooms.example:443`. What breakers and metrics go by, and all that errors say of a URL.
    let origin: String

    init(_ url: String) throws(HTTPClientError) {
        func refuse(_ why: String) -> HTTPClientError { HTTPClientError(.refusedRequest(why), host: "") }
        let bytes = Array(url.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "#")) ?? bytes.count
        guard end <= 8192 else { throw refuse("its URL has \(end) bytes; at most 8192 are sent") }
        let start: Int
        if Self.begins(bytes, with: "https://") {
            isSecure = true
            start = 8
        } else if Self.begins(bytes, with: "http://") {
            isSecure = false
            start = 7
        } else {
            throw refuse("its URL is neither of http:// nor of https://")
        }
        var behind = start
        while behind < end, bytes[behind] != UInt8(ascii: "/"), bytes[behind] != UInt8(ascii: "?") { behind += 1 }
        let authority = bytes[start..<behind]
        guard !authority.contains(UInt8(ascii: "@")) else {
            throw refuse("its URL has credentials; send them in the field Authorization")
        }
        for index in behind..<end where !Self.isOfTarget(bytes[index]) {
            throw refuse("its URL has bytes behind the host that must be percent-encoded")
        }
        let host: ArraySlice<UInt8>
        let digits: ArraySlice<UInt8>
        if authority.first == UInt8(ascii: "[") {
            guard let bracket = authority.firstIndex(of: UInt8(ascii: "]")),
                IPAddress(String(decoding: authority[(start + 1)..<bracket], as: UTF8.self)) != nil
            else { throw refuse("its URL has brackets around what is no IPv6 address") }
            host = authority[...bracket]
            digits = authority[(bracket + 1)...]
        } else {
            let colon = authority.firstIndex(of: UInt8(ascii: ":")) ?? behind
            host = authority[..<colon]
            digits = authority[colon...]
            guard !host.isEmpty, host.count <= 253, host.allSatisfy({ Self.isOfName($0) }) else {
                throw refuse("its URL has no host that is a name in ASCII or an address")
            }
        }
        var port = isSecure ? 443 : 80
        if let first = digits.first {
            guard first == UInt8(ascii: ":"), (2...6).contains(digits.count),
                digits.dropFirst().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                case let number = digits.dropFirst().reduce(0, { $0 * 10 + Int($1 & 0x0F) }),
                (1...65_535).contains(number)
            else { throw refuse("its URL has a port that is no number from 1 to 65535") }
            port = number
        }
        self.url = end == bytes.count ? url : String(decoding: bytes[..<end], as: UTF8.self)
        self.host = String(decoding: host.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        self.port = port
        origin = (isSecure ? "https://" : "http://") + self.host + ":" + String(port)
    }

    /// A scheme is the same in either case (RFC 3986 section 3.1).
    private static func begins(_ bytes: [UInt8], with scheme: StaticString) -> Bool {
        let length = scheme.utf8CodeUnitCount
        guard bytes.count > length else { return false }
        for index in 0..<length {
            let expected = unsafe scheme.utf8Start[index]
            let isLetter = (0x61...0x7A).contains(expected)
            guard bytes[index] == expected || isLetter && bytes[index] | 0x20 == expected else { return false }
        }
        return true
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// RFC 3986 sections 3.3 and 3.4, and what browsers let through as well: visible ASCII but `\`, `"`, `<`, `>` and `` ` ``.
    private static func isOfTarget(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "`"): false
        default: (0x21...0x7E).contains(byte)
        }
    }
}
