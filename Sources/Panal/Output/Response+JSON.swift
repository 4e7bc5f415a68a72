public import HTTPServer
public import HTTPTypes

extension Response {
    /// A value as JSON, its members in the order of the type's declaration. Where an answer is given so often that it matters,
    /// `JSONWriter` writes the same for a fraction of the work.
    ///
    /// ```swift
    /// router.get("/orders/{id}") { request in try .json(order(of: request)) }
    /// ```
    /// - Throws: `EncodingError` for what JSON cannot say, such as a number that is not finite.
    public static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        .json(try JSONValueEncoder.encode(value), status: status)
    }

    /// 201: what was made, as JSON, and where it is (`Location`, RFC 9110 section 15.3.2).
    /// - Parameter location: Its path, such as `/v1/orders/7`.
    public static func created(_ value: some Encodable, at location: String) throws -> Response {
        var response = try Response.json(value, status: .created)
        response.headerFields[.location] = location
        return response
    }
}
