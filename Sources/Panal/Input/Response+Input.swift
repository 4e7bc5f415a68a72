public import HTTPClient
import HTTPServer
import HTTPTypes
import Values

/// What another service has answered is not what was asked for; the text says what is wrong with which member.
public struct UnusableAnswer: Error, Hashable, CustomStringConvertible {
    /// What is wrong, in a line.
    public let description: String

    /// Something is wrong with an answer.
    public init(_ description: String) { self.description = description }
}

extension HTTPClient.Response {
    /// The JSON body as a value, read as strictly as that of a request is (`Request.json(as:)`): it must be declared as JSON and be
    /// it to the letter (RFC 8259), and every rule of the value's types holds.
    /// - Throws: ``UnusableAnswer`` with the path of each faulty member.
    public func input<Value: Decodable>(as type: Value.Type) throws(UnusableAnswer) -> Value {
        let mediaType = (value(of: .contentType) ?? "").prefix { $0 != ";" && $0 != " " && $0 != "\t" }
        guard mediaType.lowercased() == "application/json" else {
            throw UnusableAnswer("the answer is declared as \"\(mediaType)\" instead of application/json")
        }
        do throws(JSONSyntaxError) {
            try JSONSyntax.check(body.span)
        } catch {
            throw UnusableAnswer("the answer is not JSON: \(error)")
        }
        do throws(InputFaults) {
            return try InputDecoder.decode(type, from: JSONReader.read(body.span))
        } catch {
            if let kind = error.wrongKind { throw UnusableAnswer("the answer \(kind.expectation)") }
            throw UnusableAnswer(error.errors.prefix(3).map { "\($0.field) \($0.detail)" }.joined(separator: "; "))
        }
    }
}
