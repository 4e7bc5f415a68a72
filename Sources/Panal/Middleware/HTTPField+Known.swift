import HTTPTypes

extension HTTPField.Name {
    /// A header field that HTTPTypes has no name for.
    static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        return name
    }
}
