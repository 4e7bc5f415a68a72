import HTTPServer

/// Where to listen, as people write it: an address, a host name, or `unix:` and the path of a socket.
enum HostText {
    static let expected =
        "an IP address (no network, no zone), a host name, or unix: and the absolute path of a socket, "
        + "at most \(longestSocketPath) bytes"

    /// What fits into a `sockaddr_un` beside the NUL behind it: unix(7).
    static let longestSocketPath = 107

    /// Whether the service can try to listen there; whether the name exists only the resolver knows.
    static func isValid(_ text: String) -> Bool {
        if text.hasPrefix("unix:") { return isSocketPath(text.dropFirst("unix:".count)) }
        return isAddress(text) || isName(text)
    }

    private static func isSocketPath(_ path: Substring) -> Bool {
        path.hasPrefix("/") && !path.hasSuffix("/") && path.utf8.count <= longestSocketPath
    }

    private static func isAddress(_ text: String) -> Bool {
        !text.contains("/") && AddressRange(text) != nil
    }

    /// RFC 1123 section 2.1. A last label of digits alone would make it an address, and a wrong one (RFC 3696 section 2).
    private static func isName(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, let last = labels.last, !last.allSatisfy(isDigit) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
