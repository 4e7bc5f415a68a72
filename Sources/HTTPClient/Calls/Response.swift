internal import FoundationEssentials
public import HTTPTypes

extension HTTPClient {
    /// An answer, whole.
    public struct Response: Sendable {
        /// Status and fields.
        public let head: ResponseHead
        /// The body, without transfer and content codings.
        public let body: [UInt8]
        /// How many times the request was sent.
        public let attempts: Int

        /// The status.
        public var status: HTTPResponse.Status { head.status }
        /// All fields. Builds them: ask ``value(of:)`` when you want one.
        public var headerFields: HTTPFields { head.headerFields }
        /// The value of one field; `nil` when there is none.
        public func value(of name: HTTPField.Name) -> String? { head.value(of: name) }

        /// How long to wait before the same is asked again, as the field `Retry-After` has it, in seconds or as a date (RFC 9110
        /// section 10.2.3); `nil` when it says nothing.
        public var retryAfter: Duration? { value(of: .retryAfter).flatMap { RetryAfter.parse($0) } }

        /// The body as text; what is not UTF-8 becomes U+FFFD.
        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The body, decoded from JSON.
        public func json<Value: Decodable>(as type: Value.Type = Value.self) throws(HTTPClientError) -> Value {
            do {
                return try JSONDecoder().decode(type, from: Data(body))
            } catch {
                throw HTTPClientError(
                    .undecodable(String("\(error)".prefix(Self.longestExplanation))),
                    host: head.origin,
                    attempts: attempts
                )
            }
        }

        /// This answer, unless its status says that the request failed.
        /// - Throws: ``HTTPClientError/Reason/status(_:_:)`` for all but 2xx, with the title of a problem document (RFC 9457) or
        ///   the beginning of the body.
        public func successful() throws(HTTPClientError) -> Response {
            guard status.kind != .successful else { return self }
            throw HTTPClientError(.status(status, explanation), host: head.origin, attempts: attempts)
        }

        private static let longestExplanation = 1024

        private var explanation: String {
            struct Problem: Decodable {
                var title: String?
                var detail: String?
            }
            if value(of: .contentType)?.hasPrefix("application/problem+json") == true,
                let problem = try? JSONDecoder().decode(Problem.self, from: Data(body)),
                let words = [problem.title, problem.detail].compactMap(\.self).joined(separator: ": ") as String?,
                !words.isEmpty
            {
                return String(decoding: words.utf8.prefix(Self.longestExplanation), as: UTF8.self)
            }
            // One line, whatever it is: this goes to a log.
            let words = String(decoding: body.prefix(Self.longestExplanation), as: UTF8.self)
            return String(words.map { $0.isNewline ? " " : $0 })
        }
    }

    /// Status and fields of an answer.
    public struct ResponseHead: Sendable {
        /// The status.
        public let status: HTTPResponse.Status
        /// Who answered: scheme, host and port.
        let origin: String
        /// The lines of the fields, as they came.
        let lines: [UInt8]
        /// Whether the body was compressed on its way: the fields that describe it as it travelled are left out then.
        let isDecoded: Bool

        /// All fields in the order they came. Builds them: ask ``value(of:)`` when you want one.
        public var headerFields: HTTPFields {
            var fields = HTTPFields()
            forEachField { name, value in
                guard let name = HTTPField.Name(String(decoding: name, as: UTF8.self)), !isOfTheWay(name) else {
                    return
                }
                fields.append(HTTPField(name: name, value: String(decoding: value, as: UTF8.self)))
            }
            return fields
        }

        /// The value of one field; `nil` when there is none. Several lines of the name are joined by `", "` (RFC 9110 section 5.3).
        public func value(of name: HTTPField.Name) -> String? {
            guard !isOfTheWay(name) else { return nil }
            let wanted = name.canonicalName.utf8
            var found: String?
            forEachField { name, value in
                guard name.count == wanted.count, zip(name, wanted).allSatisfy({ Self.lowercase($0) == $1 }) else {
                    return
                }
                let text = String(decoding: value, as: UTF8.self)
                found = found.map { $0 + ", " + text } ?? text
            }
            return found
        }

        private func isOfTheWay(_ name: HTTPField.Name) -> Bool {
            isDecoded && (name == .contentEncoding || name == .contentLength)
        }

        private static func lowercase(_ byte: UInt8) -> UInt8 {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }

        private func forEachField(_ body: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Void) {
            for line in lines.split(separator: UInt8(ascii: "\n")) {
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
                var value = line[(colon + 1)...]
                func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
                while let last = value.last, isSpace(last) { value.removeLast() }
                body(line[..<colon], value.drop(while: isSpace))
            }
        }
    }
}
