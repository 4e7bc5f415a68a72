import HTTPTypes

extension RequestRecord {
    /// The peer or, seen from the near end, the first forwarded hop that is no trusted proxy.
    var client: PeerAddress {
        guard isForwarded else { return peer }
        return context.proxyHeaders == .forwarded ? forwarded.client ?? peer : xForwarded.client ?? peer
    }

    /// `https` or `http`: as a trusted proxy was asked, else as this server was.
    var scheme: String {
        guard isForwarded else { return "http" }
        let given = context.proxyHeaders == .forwarded ? forwarded.scheme : xForwardedValue(of: .xForwardedProto)
        let scheme = given?.lowercased()
        return scheme == "https" ? "https" : "http"
    }

    /// The host that a trusted proxy was asked for, else the one that this server was.
    var clientAuthority: String? {
        let own = head.host.isEmpty ? nil : string(head.host)
        guard isForwarded else { return own }
        let given = context.proxyHeaders == .forwarded ? forwarded.host : xForwardedValue(of: .xForwardedHost)
        guard let given, Authority.isValid(Array(given.utf8).span) else { return own }
        return given
    }

    /// No chain of proxies is so long; what is read of one is bounded, also for requests that are refused then.
    private static let mostHops = 32

    /// Whether the peer is believed when it says for whom it asks.
    private var isForwarded: Bool { !context.trustedProxies.isEmpty && context.trusts(peer) }

    /// What the proxy says that has the client in front of it.
    private var forwarded: ForwardedElement {
        var found = ForwardedElement?.none
        for element in ForwardedElement.lastFirst(value(of: .forwarded) ?? "").prefix(Self.mostHops) {
            // Past what is no address nothing can be believed.
            guard let address = element.client else { return found ?? element }
            found = element
            if !context.trusts(address) { break }
        }
        return found ?? ForwardedElement()
    }

    /// The client, and how many proxies from here on have written down whom they got the request from.
    private var xForwarded: (client: PeerAddress?, depth: Int) {
        var client = PeerAddress?.none
        var depth = 0
        let hops = head.fields.filter { $0.known == .forwardedFor }
            .flatMap { string($0.value).forwardedHops }
        for hop in hops.suffix(Self.mostHops).reversed() {
            // Past what is no address nothing can be believed.
            guard let address = PeerAddress(forwarded: hop) else { break }
            client = address
            depth += 1
            if !context.trusts(address) { break }
        }
        return (client, depth)
    }

    /// What the proxy says that has the client in front of it, where each adds to the field; the last value where they replace it.
    private func xForwardedValue(of name: HTTPField.Name) -> String? {
        guard let field = value(of: name) else { return nil }
        let values = field.forwardedHops.suffix(Self.mostHops).map(\.withoutBlanks)
        let depth = max(xForwarded.depth, 1)
        return values.count >= depth ? String(values[values.count - depth]) : values.last.map { String($0) }
    }
}

extension String {
    /// The parts between commas, by bytes: a client that ends its own part with half of a character (U+0600 makes one with what
    /// follows) must not swallow the comma that a proxy writes behind it.
    fileprivate var forwardedHops: [Substring] {
        utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { Substring($0) }
    }
}

extension HTTPField.Name {
    fileprivate static let forwarded = known("Forwarded")
    fileprivate static let xForwardedProto = known("X-Forwarded-Proto")
    fileprivate static let xForwardedHost = known("X-Forwarded-Host")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        return name
    }
}
