import HTTPTypes

extension Response {
    /// Whether the body is written piece by piece.
    var isStreamed: Bool { if case .stream = body { true } else { false } }
}

extension OutputBuffer {
    /// What follows an answer on its connection.
    enum Continuation {
        /// The next request, as is usual.
        case keepAlive
        /// The next request, which an HTTP/1.0 client must be told.
        case explicitKeepAlive
        /// Nothing.
        case close
    }

    /// Writes a whole response (RFC 9112). Its framing is decided here and nowhere else.
    /// - Parameters:
    ///   - date: The `Date` field line.
    ///   - signature: Further lines of the head.
    /// - Returns: The bytes of the body that are among them.
    @discardableResult
    func append(
        _ response: Response,
        to record: RequestRecord,
        date: [UInt8],
        signature: [UInt8] = [],
        then continuation: Continuation
    ) -> Int {
        let code = response.status.code
        if let line = StatusLine.known(code) {
            append(line)
        } else {
            append("HTTP/1.1 ")
            append(decimal: code)
            append(" ")
            append(StatusLine.phrase(of: response.status))
            append("\r\n")
        }
        append(date)
        if !signature.isEmpty { append(signature) }
        if let type = response.contentType {
            append("Content-Type: ")
            append(type.value)
            append("\r\n")
        }
        // RFC 9110 sections 15.3.5, 15.4.5 and 8.6: these two have no content, and no length of it.
        let hasContent = code != 204 && code != 304
        if hasContent, response.isStreamed {
            // RFC 9112 section 6.1: HTTP/1.0 does not know it, and is told the end by that of the connection.
            if record.head.version == .http1_1 { append("Transfer-Encoding: chunked\r\n") }
        } else if hasContent {
            append("Content-Length: ")
            append(decimal: response.body.count)
            append("\r\n")
        }
        append("X-Request-ID: ")
        record.withID { id in append(id) }
        switch continuation {
        case .keepAlive: append("\r\n")
        case .explicitKeepAlive: append("\r\nConnection: keep-alive\r\n")
        case .close: append("\r\nConnection: close\r\n")
        }
        record.context.commonFields.append(to: self, beside: response.headerFields)
        if !response.headerFields.isEmpty {
            appendFields(response.headerFields, skippingContentType: response.contentType != nil)
        }
        append("\r\n")
        guard hasContent, record.head.method != .head else { return 0 }
        switch response.body {
        case .empty, .stream: return 0
        case .bytes(let bytes): append(body: bytes)
        case .string(let text): append(text)
        case .static(let text): append(text)
        }
        return response.body.count
    }

    /// A handler's own fields, without those that are the server's. HTTPTypes has made sure that names are tokens and
    /// values hold no line break.
    private func appendFields(_ fields: HTTPFields, skippingContentType: Bool) {
        for field in fields {
            switch field.name.canonicalName {
            case "content-length", "transfer-encoding", "connection", "keep-alive", "date", "x-request-id", "upgrade",
                "trailer", "te", "proxy-connection":
                continue
            case "content-type" where skippingContentType:
                continue
            default:
                append(field.name.rawName)
                append(": ")
                append(field.value)
                append("\r\n")
            }
        }
    }
}
