import HTTPServer

/// Where ``JSONValueEncoder`` writes to: the text so far, and the arrays and objects that are open around its end.
final class JSONOutput {
    private(set) var json = JSONWriter()
    private var open: [Opened] = []
    private var lastOwner = 0

    private struct Opened {
        let owner: Int
        let isObject: Bool
    }

    /// How many arrays and objects are open.
    var depth: Int { open.count }

    /// The text; everything must be closed.
    func finish() -> [UInt8] {
        close(downTo: 0)
        return json.bytes
    }

    func newOwner() -> Int {
        lastOwner += 1
        return lastOwner
    }

    /// Opens an object or array, once for each owner: an encoder that is asked for its container twice gives the same one.
    func begin(isObject: Bool, depth: Int, owner: Int) {
        if depth < open.count, open[depth].owner == owner, open[depth].isObject == isObject { return }
        close(downTo: depth)
        isObject ? json.beginObject() : json.beginArray()
        open.append(Opened(owner: owner, isObject: isObject))
    }

    /// Makes an object or array the innermost one again: those inside it are complete.
    func resume(depth: Int, owner: Int) throws {
        guard depth < open.count, open[depth].owner == owner else {
            throw EncodingError.invalidValue(
                owner,
                EncodingError.Context(
                    codingPath: [],
                    debugDescription: "JSON is written from front to back: a container was written to after a later one"
                )
            )
        }
        close(downTo: depth + 1)
    }

    func close(downTo depth: Int) {
        while open.count > depth { open.removeLast().isObject ? json.endObject() : json.endArray() }
    }

    func key(_ name: String) { json.key(name: name) }

    func null() { json.null() }

    /// A value of any type. One that writes nothing is an empty object, as for other encoders.
    func value(_ value: some Encodable) throws {
        let before = json.bytes.count
        let depth = open.count
        try value.encode(to: JSONValueEncoder(output: self))
        close(downTo: depth)
        if json.bytes.count == before {
            json.beginObject()
            json.endObject()
        }
    }

    private func integer(_ value: some FixedWidthInteger) {
        if let small = Int(exactly: value) { json.value(small) } else { json.encoded(String(value).utf8) }
    }

    private func fraction(_ value: some BinaryFloatingPoint & LosslessStringConvertible) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value,
                EncodingError.Context(codingPath: [], debugDescription: "JSON has no number for \(value)")
            )
        }
        json.encoded(String(value).utf8)
    }

    func value(_ value: Bool) { json.value(value) }
    func value(_ value: String) { json.value(value) }
    func value(_ value: Double) throws { try fraction(value) }
    func value(_ value: Float) throws { try fraction(value) }
    func value(_ value: Int) { json.value(value) }
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
