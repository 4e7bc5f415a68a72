import HTTPTypes

extension Request {
    /// The body of a request that is declared as JSON and is: for a decoder, which then has only its own questions to ask.
    ///
    /// A `charset` parameter changes nothing, as RFC 8259 section 11 has it: the body must be UTF-8 either way.
    /// - Throws: 415 when it is declared as something else (with `Accept`) or has a content coding (with `Accept-Encoding`;
    ///   RFC 9110 section 15.5.16), 400 when it is not what ``JSONSyntax`` asks for.
    public func jsonBody() throws(Problem) -> [UInt8] {
        guard let type = value(of: .contentType), Self.isJSON(type) else {
            throw Problem(
                .unsupportedMediaType,
                detail: "Send the body as application/json.",
                headerFields: [.accept: "application/json"]
            )
        }
        if let coding = value(of: .contentEncoding), !Self.isIdentity(coding) {
            throw Problem(
                .unsupportedMediaType,
                detail: "Send the body without a content coding.",
                headerFields: [.acceptEncoding: "identity"]
            )
        }
        do throws(JSONSyntaxError) {
            try withBody(JSONSyntax.check)
        } catch {
            throw Problem(.badRequest, detail: "The body is not JSON: \(error).")
        }
        return body
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let mediaType = contentType.prefix { $0 != ";" }
        let padding = mediaType.reversed().prefix { $0 == " " || $0 == "\t" }.count
        return mediaType.dropLast(padding).lowercased() == "application/json"
    }

    /// Whether every coding listed is the one that codes nothing (RFC 9110 section 8.4).
    private static func isIdentity(_ codings: String) -> Bool {
        codings.lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }.allSatisfy { $0 == "identity" }
    }
}
