/// In which fields trusted proxies say for whom they ask. One of the two: a proxy passes the other on as its client sent it.
public enum ProxyHeaders: String, Sendable, CaseIterable {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, as nearly all do.
    case xForwarded = "x-forwarded"
    /// `Forwarded` (RFC 7239).
    case forwarded
}
