/// Where another service is: a path is appended to it.
///
/// Scheme and host are kept in lower case, a default port and slashes at the end are left out: two that are equal lead to the
/// same place.
public struct BaseURL: Hashable, Sendable, CustomStringConvertible {
    /// `http://` or `https://`, the host, its port unless it is the scheme's own, and perhaps a path, without a slash at the end.
    public let text: String

    /// The host, and its port unless it is the scheme's own.
    public let authority: String

    /// Nil unless a request could go there: `http` or `https`, a host in ASCII, no credentials; and unless something can be
    /// appended: neither query nor fragment.
    public init?(_ text: String) {
        guard !text.utf8.contains(UInt8(ascii: "?")), !text.utf8.contains(UInt8(ascii: "#")),
            let target = try? Target(text)
        else { return nil }
        let behindScheme = text.utf8.dropFirst(target.isSecure ? "https://".utf8.count : "http://".utf8.count)
        var path = behindScheme.drop { $0 != UInt8(ascii: "/") }
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        authority = target.port == (target.isSecure ? 443 : 80) ? target.host : "\(target.host):\(target.port)"
        self.text = (target.isSecure ? "https://" : "http://") + authority + String(Substring(path))
    }

    /// The URL.
    public var description: String { text }
}
