/// Writes one value where it stands.
struct SingleOutput: SingleValueEncodingContainer {
    let output: JSONOutput

    var codingPath: [any CodingKey] { [] }

    func encodeNil() { output.null() }

    func encode(_ value: some Encodable) throws { try output.value(value) }

    func encode(_ value: Bool) { output.value(value) }
    func encode(_ value: String) { output.value(value) }
    func encode(_ value: Double) throws { try output.value(value) }
    func encode(_ value: Float) throws { try output.value(value) }
    func encode(_ value: Int) { output.value(value) }
    func encode(_ value: Int8) { output.value(value) }
    func encode(_ value: Int16) { output.value(value) }
    func encode(_ value: Int32) { output.value(value) }
    func encode(_ value: Int64) { output.value(value) }
    func encode(_ value: Int128) { output.value(value) }
    func encode(_ value: UInt) { output.value(value) }
    func encode(_ value: UInt8) { output.value(value) }
    func encode(_ value: UInt16) { output.value(value) }
    func encode(_ value: UInt32) { output.value(value) }
    func encode(_ value: UInt64) { output.value(value) }
    func encode(_ value: UInt128) { output.value(value) }
}
