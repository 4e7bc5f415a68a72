/// One value as it stands. What is wrong with it is thrown: whoever asked for the type around it names the fault.
struct SingleInput: SingleValueDecodingContainer {
    let decoder: InputDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.value.isAbsent || decoder.value.isBlank }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: decoder) }

    func decode(_ type: Bool.Type) throws -> Bool {
        decoder.note(single: type)
        return try decoder.value.readBool()
    }
    func decode(_ type: String.Type) throws -> String {
        decoder.note(single: type)
        return try decoder.value.readString()
    }
    func decode(_ type: Double.Type) throws -> Double {
        decoder.note(single: type)
        return try decoder.value.readFraction(Double.self)
    }
    func decode(_ type: Float.Type) throws -> Float {
        decoder.note(single: type)
        return try decoder.value.readFraction(Float.self)
    }
    func decode(_ type: Int.Type) throws -> Int {
        decoder.note(single: type)
        return try decoder.value.readInteger(Int.self)
    }
    func decode(_ type: Int8.Type) throws -> Int8 {
        decoder.note(single: type)
        return try decoder.value.readInteger(Int8.self)
    }
    func decode(_ type: Int16.Type) throws -> Int16 {
        decoder.note(single: type)
        return try decoder.value.readInteger(Int16.self)
    }
    func decode(_ type: Int32.Type) throws -> Int32 {
        decoder.note(single: type)
        return try decoder.value.readInteger(Int32.self)
    }
    func decode(_ type: Int64.Type) throws -> Int64 {
        decoder.note(single: type)
        return try decoder.value.readInteger(Int64.self)
    }
    func decode(_ type: Int128.Type) throws -> Int128 {
        decoder.note(single: type)
        return try decoder.value.readInteger(Int128.self)
    }
    func decode(_ type: UInt.Type) throws -> UInt {
        decoder.note(single: type)
        return try decoder.value.readInteger(UInt.self)
    }
    func decode(_ type: UInt8.Type) throws -> UInt8 {
        decoder.note(single: type)
        return try decoder.value.readInteger(UInt8.self)
    }
    func decode(_ type: UInt16.Type) throws -> UInt16 {
        decoder.note(single: type)
        return try decoder.value.readInteger(UInt16.self)
    }
    func decode(_ type: UInt32.Type) throws -> UInt32 {
        decoder.note(single: type)
        return try decoder.value.readInteger(UInt32.self)
    }
    func decode(_ type: UInt64.Type) throws -> UInt64 {
        decoder.note(single: type)
        return try decoder.value.readInteger(UInt64.self)
    }
    func decode(_ type: UInt128.Type) throws -> UInt128 {
        decoder.note(single: type)
        return try decoder.value.readInteger(UInt128.self)
    }
}
