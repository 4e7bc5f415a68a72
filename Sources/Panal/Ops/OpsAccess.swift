import HTTPServer
import HTTPTypes
import Linux

/// Who may look after the service.
///
/// With a token, who sends it. Without one, who reaches the port, which is open to this host alone then; but not a web page in a
/// browser on this host: it is known by the name that it asks for, or by its origin.
struct OpsAccess: Sendable {
    let token: APIKey?

    func admit(_ request: inout Request) throws {
        if let token { return try apiKeyRequired([token])(&request) }
        let isOfThisHost = request.value(of: .hostField).map(Self.isOfThisHost) ?? true
        guard isOfThisHost, request.value(of: .origin) == nil else {
            throw Problem(
                .forbidden,
                detail: "Ask by an address of this host, and not from a web page; or set OPS_TOKEN."
            )
        }
    }

    /// Whether a `Host` field names an address of this host by itself: of a name that a resolver knows it is not sure.
    private static func isOfThisHost(_ host: String) -> Bool {
        if let address = IPAddress(host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" }) : host) {
            return address.isLoopback
        }
        let name = String(host.prefix { $0 != ":" })
        return name == "localhost" || IPAddress(name)?.isLoopback == true
    }
}

extension HTTPField.Name {
    /// In HTTP/1.1 it is a field; HTTPTypes has it as a part of a request.
    fileprivate static let hostField: HTTPField.Name = {
        guard let name = HTTPField.Name("host") else { preconditionFailure("host is a field name") }
        return name
    }()
}
