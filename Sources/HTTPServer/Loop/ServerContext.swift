/// What stays the same while a server runs and requests need to answer questions about themselves.
final class ServerContext: Sendable {
    let routes: RouteTable
    let trustedProxies: [AddressRange]
    let proxyHeaders: ProxyHeaders
    let commonFields: CommonFields

    init(
        routes: RouteTable,
        trustedProxies: [AddressRange],
        proxyHeaders: ProxyHeaders = .xForwarded,
        commonFields: CommonFields = CommonFields()
    ) {
        self.routes = routes
        self.trustedProxies = trustedProxies
        self.proxyHeaders = proxyHeaders
        self.commonFields = commonFields
    }

    func trusts(_ address: PeerAddress) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }
}
