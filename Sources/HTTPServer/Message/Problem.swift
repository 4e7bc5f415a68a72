public import HTTPTypes
public import Values

/// An error for the client, as an RFC 9457 problem document. Throw it from a handler.
///
/// ```swift
/// throw Problem(.notFound, detail: "There is no room 7.")
/// ```
public struct Problem: Error, Sendable, Hashable {
    /// The status of the response, repeated in the document.
    public var status: HTTPResponse.Status
    /// A URI that names the kind of problem; `about:blank` where the status says it all.
    public var type: String
    /// A short sentence, the same for every problem of this type.
    public var title: String
    /// What went wrong this time, and what the client can do.
    public var detail: String?
    /// Each invalid part of the input: a parameter by its name, a JSON member by its path, such as `guest.email`.
    public var errors: [FieldError]
    /// Fields the response needs beside the document, such as `Allow` or `Retry-After`.
    public var headerFields: HTTPFields

    /// A problem; `title` defaults to the status's own words.
    public init(
        _ status: HTTPResponse.Status,
        type: String = "about:blank",
        title: String? = nil,
        detail: String? = nil,
        errors: [FieldError] = [],
        headerFields: HTTPFields = HTTPFields()
    ) {
        self.status = status
        self.type = type
        self.title = title ?? StatusLine.phrase(of: status)
        self.detail = detail
        self.errors = errors
        self.headerFields = headerFields
    }

    /// The response that carries this document.
    public func response(requestID: String) -> Response {
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.member("type", type)
            json.member("title", title)
            json.member("status", status.code)
            if let detail { json.member("detail", detail) }
            json.member("requestId", requestID)
            if !errors.isEmpty {
                json.key("errors")
                json.array { json in
                    for error in errors {
                        json.object { json in
                            json.member("field", error.field)
                            json.member("detail", error.detail)
                        }
                    }
                }
            }
        }
        return Response(status: status, contentType: .problem, headerFields: headerFields, body: .bytes(json.bytes))
    }
}
