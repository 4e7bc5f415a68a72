import Glibc
import Linux

/// The other end of a connection, without its port.
enum PeerAddress: Sendable, Hashable {
    /// A peer on a unix socket.
    case unix
    /// An IPv4 or IPv6 address.
    case ip(IPAddress)

    /// What accept(2) told about the peer.
    init(_ storage: sockaddr_storage) {
        let address = SocketAddress(storage, length: socklen_t(MemoryLayout<sockaddr_storage>.size))
        self = if case .ip(let address, _) = address.content { .ip(address) } else { .unix }
    }

    /// Reads an address in text form (inet_pton(3)).
    init?(text: String) {
        guard let address = IPAddress(text) else { return nil }
        self = .ip(address)
    }

    /// Reads one hop of an `X-Forwarded-For` field, with blanks around it: an address, an IPv6 one also in brackets, and,
    /// where proxies add it, the port it came from (`192.0.2.1:4711`, `[2001:db8::1]:443`).
    init?(forwarded hop: Substring) {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var address = hop.drop(while: isBlank)
        while let last = address.last, isBlank(last) { address.removeLast() }
        if address.first == "[" {
            guard let end = address.firstIndex(of: "]") else { return nil }
            let behind = address[end...].dropFirst()
            guard behind.isEmpty || Self.isPort(behind) else { return nil }
            address = address[..<end].dropFirst()
            guard address.contains(":") else { return nil }
        } else if let colon = address.firstIndex(of: ":"), colon == address.lastIndex(of: ":") {
            guard Self.isPort(address[colon...]) else { return nil }
            address = address[..<colon]
        }
        self.init(text: String(address))
    }

    /// Whether the text is a colon and the number of a port.
    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.utf8.dropFirst()
        return text.first == ":" && (1...5).contains(digits.count) && digits.allSatisfy(ASCII.isDigit)
            && UInt16(text.dropFirst()) != nil
    }

    /// The address in text form, or `unix`.
    var text: String {
        switch self {
        case .unix: "unix"
        case .ip(let address): address.description
        }
    }
}
