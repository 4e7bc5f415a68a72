import HTTPServer
import HTTPTypes

extension Request {
    /// What `Authorization` carries: the scheme in lower case, and what is behind it and one or more spaces (RFC 9110 section 11.4).
    /// `nil` without both.
    var credentials: (scheme: String, value: String)? {
        let parts = value(of: .authorization)?.split(separator: " ", maxSplits: 1) ?? []
        guard parts.count == 2 else { return nil }
        return (parts[0].lowercased(), String(parts[1].drop { $0 == " " }))
    }
}
