/// What stays the same while a server runs and requests need to answer questions about themselves.
final class ServerContext: Sendable {
    let routes: RouteTable
    let trustedProxies: [AddressRange]

    init(routes: RouteTable, trustedProxies: [AddressRange]) {
        self.routes = routes
        self.trustedProxies = trustedProxies
    }

    func trusts(_ address: PeerAddress) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }
}
