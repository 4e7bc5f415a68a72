/// The elements of an array, each faulty one named and stood in for.
struct UnkeyedInput: UnkeyedDecodingContainer {
    private let decoder: InputDecoder
    private let elements: [InputValue]
    private(set) var currentIndex = 0

    init(_ decoder: InputDecoder, _ elements: [InputValue]) {
        self.decoder = decoder
        self.elements = elements
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() -> Bool {
        guard !isAtEnd, elements[currentIndex].isAbsent else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let (value, step) = take()
        return try decoder.collect(type, value, at: step)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try child().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try child().unkeyedContainer() }

    mutating func superDecoder() -> any Decoder { child() }

    private mutating func child() -> InputDecoder {
        let (value, step) = take()
        return decoder.child(value, at: step)
    }

    /// The next element. Behind the last there are missing ones: a tuple may be too short.
    private mutating func take() -> (InputValue, InputDecoder.Step) {
        let value = isAtEnd ? (decoder.value.isBlank ? .blank : .missing) : elements[currentIndex]
        defer { currentIndex += 1 }
        return (value, .element(currentIndex))
    }
}
