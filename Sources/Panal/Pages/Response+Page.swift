public import HTTPServer
import HTTPTypes
public import Values

extension Response {
    /// A page of a list as JSON: the elements under a name, and `next` where there is a next page, which is linked too
    /// (`Link: <…>; rel="next"`, RFC 8288).
    ///
    /// ```swift
    /// let query = try request.query(as: PageQuery<OrderID>.self)
    /// return try .page(store.orders(query), named: "orders", of: request)
    /// // {"orders":[…],"next":"06f0…"}
    /// ```
    public static func page<Element: Encodable, Key>(
        _ page: Page<Element, Key>,
        named name: String,
        of request: Request
    ) throws -> Response {
        let next = page.next?.raw
        let response = try Response.json(NamedPage(name: name, elements: page.elements, next: next))
        return next.map { response.linked(toNext: $0, of: request) } ?? response
    }

    /// This response with a link to the next page: the request's own target with another `cursor`.
    public func linked(toNext cursor: String, of request: Request) -> Response {
        var target = request.path.escaped(keeping: UInt8(ascii: "/"))
        var separator = "?"
        for (name, value) in request.query.parameters.filter({ $0.name != "cursor" }) + [("cursor", cursor)] {
            target += separator + name.escaped() + "=" + value.escaped()
            separator = "&"
        }
        var response = self
        response.headerFields[.link] = "<\(target)>; rel=\"next\""
        return response
    }
}

extension HTTPField.Name {
    /// RFC 8288.
    fileprivate static let link = known("Link")
}

extension String {
    /// Percent-encoded but for what is unreserved (RFC 3986 section 2.3) and one character more.
    fileprivate func escaped(keeping kept: UInt8? = nil) -> String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            case kept: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}

/// A page under its name.
private struct NamedPage<Element: Encodable>: Encodable {
    let name: String
    let elements: [Element]
    let next: String?

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: AnyCodingKey.self)
        try members.encode(elements, forKey: AnyCodingKey(stringValue: name))
        try members.encodeIfPresent(next, forKey: AnyCodingKey(stringValue: "next"))
    }
}
