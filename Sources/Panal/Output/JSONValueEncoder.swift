/// Encodes values as JSON in the order in which they name their members, straight into bytes: the everyday way beside
/// `JSONWriter`. Coding paths are not kept; errors of encoding are a program's own.
struct JSONValueEncoder: Encoder {
    private let output: JSONOutput
    private let depth: Int
    private let owner: Int

    init(output: JSONOutput) {
        self.output = output
        depth = output.depth
        owner = output.newOwner()
    }

    /// The JSON text of a value.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let output = JSONOutput()
        try output.value(value)
        return output.finish()
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        output.begin(isObject: true, depth: depth, owner: owner)
        return KeyedEncodingContainer(KeyedOutput<Key>(output: output, depth: depth, owner: owner))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        output.begin(isObject: false, depth: depth, owner: owner)
        return UnkeyedOutput(output: output, depth: depth, owner: owner)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleOutput(output: output) }
}
