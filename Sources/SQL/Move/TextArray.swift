/// Texts as one value of PostgreSQL's type `text[]` (PostgreSQL, "Array Input and Output Syntax"): a column of many rows.
struct TextArray {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]
    private(set) var count = 0

    /// How long it is, in bytes.
    var length: Int { bytes.count }

    /// Its text.
    var text: String { String(decoding: bytes, as: UTF8.self) + "}" }

    /// Adds a text, or NULL.
    mutating func append(_ value: String?) {
        if count > 0 { bytes.append(UInt8(ascii: ",")) }
        count += 1
        guard let value else {
            bytes += "NULL".utf8
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
