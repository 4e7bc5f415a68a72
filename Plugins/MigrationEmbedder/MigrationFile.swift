/// The name of a migration's file: `0001_create_rooms.sql` is migration 1, `create_rooms`.
struct MigrationFile {
    let name: String
    private let parts: (number: Int, title: String)?

    init(name: String) {
        self.name = name
        parts = Self.parts(of: name)
    }

    /// What is wrong with these files of one folder, in the order of their names; each with its file and the remedy.
    static func faults(of files: [MigrationFile]) -> [String] {
        var faults: [String] = []
        var before: (number: Int, name: String) = (0, "")
        for file in files {
            guard let number = file.parts?.number else {
                faults.append(
                    "\(file.name): is no migration; name it NNNN_what_it_does.sql, of a-z, 0-9 and _, or move it"
                )
                continue
            }
            if number == before.number {
                faults.append("\(file.name): has the number of \(before.name); give it the next free one")
            } else if number != before.number + 1 {
                faults.append("\(file.name): comes where number \(padded(before.number + 1)) belongs; leave no gap")
            }
            before = (number, file.name)
        }
        return faults
    }

    /// The element of the list of migrations.
    func entry(text: String) -> String {
        guard let parts else { preconditionFailure("\(name) is no migration") }
        return "        Migration(number: \(parts.number), name: \"\(parts.title)\", sql: \"\(Self.escaped(text))\"),"
    }

    private static func parts(of name: String) -> (number: Int, title: String)? {
        guard name.hasSuffix(".sql") else { return nil }
        let stem = name.dropLast(4).utf8
        let digits = stem.prefix(4)
        guard digits.count == 4, digits.allSatisfy(isDigit), let number = Int(String(Substring(digits))), number > 0
        else { return nil }
        let title = stem.dropFirst(5)
        guard stem.dropFirst(4).first == UInt8(ascii: "_"), let first = title.first, isLetter(first) else { return nil }
        guard title.allSatisfy({ isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }) else { return nil }
        return (number, String(Substring(title)))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

    private static func padded(_ number: Int) -> String {
        String(repeating: "0", count: max(0, 4 - String(number).count)) + String(number)
    }

    /// The text inside of a Swift literal, byte for byte: a literal of several lines would change its line ends.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            case "\u{20}"..."\u{7E}": result.unicodeScalars.append(scalar)
            default: result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }
}
