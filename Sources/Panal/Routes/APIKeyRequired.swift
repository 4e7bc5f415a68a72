public import HTTPServer
import HTTPTypes

/// Admits a request that carries one of the keys, and leaves the key in the request (`request[APIKey.self]`); without keys
/// admits everything.
public func apiKeyRequired(_ keys: [APIKey]) -> Admission {
    { request in
        if !keys.isEmpty { request[APIKey.self] = try keys.key(of: request) }
    }
}

extension APIKey: RequestContextKey {
    /// The key that the request was admitted with.
    public typealias Value = APIKey
}

extension [APIKey] {
    /// Who asks: the key that a request carries as `Authorization: Bearer …` (RFC 6750 section 2.1; the scheme in capitals
    /// or not, and one or more spaces behind it, RFC 9110 section 11.4).
    /// - Throws: 401 when it carries none of these.
    fileprivate func key(of request: Request) throws(Problem) -> APIKey {
        guard let credentials = request.credentials, credentials.scheme == "bearer" else {
            throw unauthorized("Send an API key as Authorization: Bearer …")
        }
        let presented = credentials.value.utf8
        // Every key is compared, so that the time does not tell which one came close.
        guard let known = reduce(nil, { known, key in key.matches(presented) ? key : known }) else {
            throw unauthorized("The API key is not known.")
        }
        return known
    }
}

private func unauthorized(_ detail: String) -> Problem {
    Problem(.unauthorized, detail: detail, headerFields: [.wwwAuthenticate: "Bearer"])
}
