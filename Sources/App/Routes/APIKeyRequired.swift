import HTTPServer
import HTTPTypes

/// Lets a request through when it carries one of the keys as `Authorization: Bearer …` (RFC 6750 section 2.1); without
/// keys lets everything through.
func apiKeyRequired(_ keys: [APIKey]) -> Admission {
    { request in
        guard !keys.isEmpty else { return }
        guard let credentials = request.value(of: .authorization), credentials.prefix(7).lowercased() == "bearer "
        else { throw unauthorized("Send an API key as Authorization: Bearer …") }
        let presented = credentials.dropFirst(7).utf8
        // Every key is compared, so that the time does not tell which one came close.
        let isKnown = keys.reduce(false) { known, key in key.matches(presented) || known }
        guard isKnown else { throw unauthorized("The API key is not known.") }
    }
}

private func unauthorized(_ detail: String) -> Problem {
    Problem(.unauthorized, detail: detail, headerFields: [.wwwAuthenticate: "Bearer"])
}
