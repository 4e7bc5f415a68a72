/// An answer, read strictly.
struct Answer: Sendable {
    let status: Int
    let fields: [(name: String, value: String)]
    let body: [UInt8]

    /// The field's only value; nil when it is absent or there twice.
    subscript(name: String) -> String? {
        let values = fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.count == 1 ? values[0] : nil
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON? { try? JSON(body) }
    var closesConnection: Bool { self["Connection"]?.lowercased() == "close" }
}
