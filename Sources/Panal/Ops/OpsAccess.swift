import FoundationEssentials
import HTTPServer
import HTTPTypes
import Linux

/// Who may look after the service.
///
/// With a token, who sends it: as `Authorization: Bearer …`, or as the password of HTTP Basic (RFC 7617), which browsers ask for
/// by themselves. Without one, who reaches the port, which is open to this host alone then, and asks for it by an address of this
/// host: under another name it may be a web page that has it pointed here.
///
/// In both cases web pages of others are kept out: a browser says from where it was made to ask, and sends along what it knows of
/// this port.
struct OpsAccess: Sendable {
    let token: AccessToken?

    func admit(_ request: inout Request) throws {
        guard isOfOwnPages(request) else {
            throw Problem(.forbidden, detail: "Ask from a page of this port, or from what is no web page.")
        }
        if let token {
            guard presented(by: request).map({ token.matches($0.utf8) }) == true else { throw Self.unauthorized }
            return
        }
        let isOfThisHost = request.value(of: .hostField).map(Self.isOfThisHost) ?? true
        guard isOfThisHost else {
            throw Problem(.forbidden, detail: "Ask by an address of this host; or set OPS_TOKEN.")
        }
    }

    /// Whether the request comes from no page at all, or from one of this port.
    private func isOfOwnPages(_ request: Request) -> Bool {
        if let site = request.value(of: .secFetchSite), site != "same-origin", site != "none" {
            // A link may lead here, but nothing may be told to.
            let isLink = request.value(of: .secFetchMode) == "navigate" && request.method == .get
            guard isLink else { return false }
        }
        guard let origin = request.value(of: .origin) else { return true }
        // The scheme is the balancer's where one ends TLS.
        guard let host = request.value(of: .hostField), let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...] == host
    }

    /// What a request carries as token.
    private func presented(by request: Request) -> String? {
        guard let (scheme, value) = request.credentials else { return nil }
        switch scheme {
        case "bearer": return value
        case "basic":
            // The name does not matter, and has no colon.
            guard let pair = Data(base64Encoded: value).map({ String(decoding: $0, as: UTF8.self) }),
                let colon = pair.firstIndex(of: ":")
            else { return nil }
            return String(pair[pair.index(after: colon)...])
        default: return nil
        }
    }

    private static var unauthorized: Problem {
        var fields = HTTPFields()
        for challenge in ["Bearer", "Basic realm=\"ops\", charset=\"UTF-8\""] {
            fields.append(HTTPField(name: .wwwAuthenticate, value: challenge))
        }
        return Problem(
            .unauthorized,
            detail: "Send OPS_TOKEN as Authorization: Bearer …, or as the password of HTTP Basic.",
            headerFields: fields
        )
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
    fileprivate static let hostField = known("host")
    /// W3C Fetch Metadata.
    fileprivate static let secFetchSite = known("Sec-Fetch-Site")
    fileprivate static let secFetchMode = known("Sec-Fetch-Mode")
}
