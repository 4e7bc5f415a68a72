import HTTPServer

/// Where ``JSONValueEncoder`` writes to: the text so far, and the arrays and objects that are open around its end.
final class JSONOutput {
    // In one: each access to a property of a class is watched over, which costs more than a member's comma.
    private var text = JSONText()

    /// How many arrays and objects are open.
    var depth: Int { text.open.count }

    /// The text; everything must be closed.
    func finish() -> [UInt8] {
        text.close(downTo: 0)
        return text.json.bytes
    }

    /// A number that no other encoder has.
    func newOwner() -> Int { text.newOwner() }

    /// Opens an object or array, once for each owner: an encoder that is asked for its container twice gives the same one.
    func begin(isObject: Bool, depth: Int, owner: Int) { text.begin(isObject: isObject, depth: depth, owner: owner) }

    /// The name of a member of an object; its value must follow.
    func member(_ name: String, depth: Int, owner: Int) throws {
        guard text.member(name, depth: depth, owner: owner) else { throw Self.left(owner) }
    }

    /// The place of an element of an array; its value must follow.
    func element(depth: Int, owner: Int) throws {
        guard text.resume(depth: depth, owner: owner) else { throw Self.left(owner) }
    }

    private static func left(_ owner: Int) -> EncodingError {
        EncodingError.invalidValue(
            owner,
            EncodingError.Context(
                codingPath: [],
                debugDescription: "JSON is written from front to back: a container was written to after a later one"
            )
        )
    }

    func null() { text.json.null() }

    /// A value of any type. One that writes nothing is an empty object, as for other encoders.
    func value(_ value: some Encodable) throws {
        let (depth, length) = text.end
        try value.encode(to: JSONValueEncoder(output: self))
        text.finishValue(depth: depth, length: length)
    }

    private func integer(_ value: some FixedWidthInteger) {
        if let small = Int(exactly: value) { text.json.value(small) } else { text.json.encoded(String(value).utf8) }
    }

    private func fraction(_ value: some BinaryFloatingPoint & LosslessStringConvertible) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value,
                EncodingError.Context(codingPath: [], debugDescription: "JSON has no number for \(value)")
            )
        }
        text.json.encoded(String(value).utf8)
    }

    func value(_ value: Bool) { text.json.value(value) }
    func value(_ value: String) { text.json.value(value) }
    func value(_ value: Double) throws { try fraction(value) }
    func value(_ value: Float) throws { try fraction(value) }
    func value(_ value: Int) { text.json.value(value) }
    func value(_ value: Int8) { integer(value) }
    func value(_ value: Int16) { integer(value) }
    func value(_ value: Int32) { integer(value) }
    func value(_ value: Int64) { integer(value) }
    func value(_ value: Int128) { integer(value) }
    func value(_ value: UInt) { integer(value) }
    func value(_ value: UInt8) { integer(value) }
    func value(_ value: UInt16) { integer(value) }
    func value(_ value: UInt32) { integer(value) }
    func value(_ value: UInt64) { integer(value) }
    func value(_ value: UInt128) { integer(value) }
}

/// A JSON text that is being written.
private struct JSONText: ~Copyable {
    var json = JSONWriter()
    private(set) var open: [Opened] = []
    private var lastOwner = 0

    struct Opened {
        let owner: Int
        let isObject: Bool
    }

    var end: (depth: Int, length: Int) { (open.count, json.bytes.count) }

    mutating func newOwner() -> Int {
        lastOwner += 1
        return lastOwner
    }

    mutating func begin(isObject: Bool, depth: Int, owner: Int) {
        if depth < open.count, open[depth].owner == owner, open[depth].isObject == isObject { return }
        close(downTo: depth)
        isObject ? json.beginObject() : json.beginArray()
        open.append(Opened(owner: owner, isObject: isObject))
    }

    /// Makes an object or array the innermost one again: those inside it are complete.
    /// - Returns: Whether it is still open.
    mutating func resume(depth: Int, owner: Int) -> Bool {
        guard depth < open.count, open[depth].owner == owner else { return false }
        close(downTo: depth + 1)
        return true
    }

    mutating func member(_ name: String, depth: Int, owner: Int) -> Bool {
        guard resume(depth: depth, owner: owner) else { return false }
        json.key(name: name)
        return true
    }

    mutating func finishValue(depth: Int, length: Int) {
        close(downTo: depth)
        if json.bytes.count == length {
            json.beginObject()
            json.endObject()
        }
    }

    mutating func close(downTo depth: Int) {
        while open.count > depth { open.removeLast().isObject ? json.endObject() : json.endArray() }
    }
}
