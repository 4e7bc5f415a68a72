import HTTPTypes

/// Why the server itself refuses a request. After each of these the connection closes: what stands behind a message
/// whose end is not beyond doubt must not be read as another one (RFC 9112 section 11.2).
struct RequestError: Error, Equatable {
    let status: Int
    let detail: StaticString

    static func malformed(_ detail: StaticString) -> RequestError { RequestError(status: 400, detail: detail) }

    static let timeout = RequestError(
        status: 408,
        detail: "The request did not arrive in time."
    )
    static let lengthRequired = RequestError(
        status: 411,
        detail: "A body over HTTP/1.0 needs a Content-Length field."
    )
    static let contentTooLarge = RequestError(
        status: 413,
        detail: "The body is larger than this resource takes."
    )
    static let lineTooLong = RequestError(
        status: 414,
        detail: "The request line is longer than this server takes."
    )
    static let expectationFailed = RequestError(
        status: 417,
        detail: "The only expectation this server can meet is 100-continue."
    )
    static let fieldTooLarge = RequestError(
        status: 431,
        detail: "A header field, or all of them together, are larger than this server takes."
    )
    static let tooManyFields = RequestError(
        status: 431,
        detail: "There are more header fields than this server takes."
    )
    static let unknownMethod = RequestError(
        status: 501,
        detail: "This server does not implement the method."
    )
    static let unknownCoding = RequestError(
        status: 501,
        detail: "The only transfer coding this server implements is chunked."
    )
    static let noMemoryLeft = RequestError(
        status: 503,
        detail: "The server holds as many bodies as it can. Try again in a moment."
    )
    static let noDescriptorLeft = RequestError(
        status: 503,
        detail: "The server has as many connections as it can."
    )
    static let overloaded = RequestError(
        status: 503,
        detail: "The server has more requests than it can answer in time. Try again in a moment."
    )
    static let unknownVersion = RequestError(
        status: 505,
        detail: "This server speaks HTTP/1.1."
    )

    var problem: Problem {
        var problem = Problem(HTTPResponse.Status(code: status), detail: detail.description)
        if status == 503 { problem.headerFields[.retryAfter] = "1" }
        return problem
    }

    static func == (left: RequestError, right: RequestError) -> Bool {
        left.status == right.status && left.detail.description == right.detail.description
    }
}
