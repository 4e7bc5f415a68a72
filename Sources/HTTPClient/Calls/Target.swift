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
        let text = url.prefix { $0 != "#" }
        let bytes = text.utf8
        guard bytes.count <= 8192 else { throw refuse("its URL has \(bytes.count) bytes; at most 8192 are sent") }
        let rest: Substring.UTF8View
        if let behind = Self.rest(of: bytes, behind: "https://") {
            isSecure = true
            rest = behind
        } else if let behind = Self.rest(of: bytes, behind: "http://") {
            isSecure = false
            rest = behind
        } else {
            throw refuse("its URL is neither of http:// nor of https://")
        }
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains(UInt8(ascii: "@")) else {
            throw refuse("its URL has credentials; send them in the field Authorization")
        }
        guard rest[end...].allSatisfy(Self.isOfTarget) else {
            throw refuse("its URL has bytes behind the host that must be percent-encoded")
        }
        let host: Substring.UTF8View
        let digits: Substring.UTF8View
        if authority.first == UInt8(ascii: "[") {
            guard let bracket = authority.firstIndex(of: UInt8(ascii: "]")),
                IPAddress(String(Substring(authority[authority.index(after: authority.startIndex)..<bracket]))) != nil
            else { throw refuse("its URL has brackets around what is no IPv6 address") }
            host = authority[...bracket]
            digits = authority[authority.index(after: bracket)...]
        } else {
            let colon = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
            host = authority[..<colon]
            digits = authority[colon...]
            guard !host.isEmpty, host.count <= 253, host.allSatisfy(Self.isOfName) else {
                throw refuse("its URL has no host that is a name in ASCII or an address")
            }
        }
        var port = isSecure ? 443 : 80
        if let first = digits.first {
            guard first == UInt8(ascii: ":"), digits.count <= 6,
                digits.dropFirst().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(Substring(digits.dropFirst())), (1...65_535).contains(number)
            else { throw refuse("its URL has a port that is no number from 1 to 65535") }
            port = number
        }
        self.url = text.endIndex == url.endIndex ? url : String(text)
        self.host = Substring(host).lowercased()
        self.port = port
        origin = "\(isSecure ? "https" : "http")://\(self.host):\(port)"
    }

    private static func rest(of bytes: Substring.UTF8View, behind scheme: StaticString) -> Substring.UTF8View? {
        let length = scheme.utf8CodeUnitCount
        guard bytes.count > length else { return nil }
        let isSame = unsafe zip(bytes, UnsafeBufferPointer(start: scheme.utf8Start, count: length)).allSatisfy {
            $0 == $1 || ($0 | 0x20 == $1 && $1 >= UInt8(ascii: "a"))
        }
        return isSame ? bytes.dropFirst(length) : nil
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
