public import HTTPServer
import HTTPTypes
public import Values

extension Request {
    /// The JSON body as a value, with every fault named at once.
    ///
    /// ```swift
    /// struct NewOrder: Codable {
    ///     let email: EmailAddress
    ///     let items: BoundedArray<Item, 1, 50>
    ///     let note: MultilineText<500>?
    /// }
    /// let order = try request.json(as: NewOrder.self)
    /// ```
    ///
    /// A property that is not optional must be there, and be no `null`. A property whose type is ``Validated`` keeps its rule,
    /// and a type that is ``CrossChecked`` those of several fields. Members that the type does not know are ignored. A type with
    /// an `init(from:)` of its own should look before it asks: whatever it decodes from a keyed or unkeyed container and does
    /// not get counts as a fault.
    /// - Parameter check: What else must hold, such as that a day is not in the past. It is called also when fields are faulty,
    ///   with something of their type in their place: rules that name them are skipped.
    /// - Throws: 415 and 400 as `jsonBody()` does, 400 when the body is no object where one is expected, and
    ///   `InvalidInput`, a 422, with the path of each faulty field (`items[2].sku`), at most a hundred of them.
    public func json<Value: Decodable>(
        as type: Value.Type,
        checking check: (Value, inout Validator) -> Void = { _, _ in }
    ) throws -> Value {
        let body = try jsonBody()
        let input = JSONReader.read(body.span)
        if case .null = input { throw Problem(.badRequest, detail: "The body is not a JSON object.") }
        do throws(InputFaults) {
            return try InputDecoder.decode(type, from: input, check: check)
        } catch {
            if let kind = error.wrongKind { throw Problem(.badRequest, detail: Self.detail(of: kind)) }
            // What concerns the whole body has no field.
            throw InvalidInput(
                error.errors.map { $0.field.isEmpty ? FieldError(field: "body", detail: $0.detail) : $0 }
            )
        }
    }

    private static func detail(of kind: InputKind) -> String {
        if case .object = kind { return "The body is not a JSON object." }
        return "The body \(kind.expectation)."
    }

    /// The parameters of the query as a value, with every fault named at once: as ``json(as:checking:)`` does, but numbers and
    /// `true` and `false` are read from their text. Of a parameter that comes several times an array gets all values, anything
    /// else the first.
    ///
    /// ```swift
    /// struct Search: Codable {
    ///     let from: CivilDate
    ///     let guests: WholeNumber<1, 20>
    ///     let cursor: Slug<Room>?
    /// }
    /// let search = try request.query(as: Search.self)
    /// ```
    /// - Throws: `InvalidInput`, a 422, with the name of each faulty parameter.
    public func query<Value: Decodable>(
        as type: Value.Type,
        checking check: (Value, inout Validator) -> Void = { _, _ in }
    ) throws -> Value {
        let object = InputObject(parameters: query.parameters)
        do throws(InputFaults) {
            return try InputDecoder.decode(type, from: .object(object), check: check)
        } catch {
            throw InvalidInput(error.errors)
        }
    }
}
