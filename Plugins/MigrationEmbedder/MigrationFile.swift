/// The name of a migration's file: `0001_create_rooms.sql` is migration 1, `create_rooms`, for all databases;
/// `0001_create_rooms.sqlite.sql` and `0001_create_rooms.postgres.sql` are its texts for one each.
struct MigrationFile {
    /// Which databases a file is for.
    enum Dialect: String {
        case all = ""
        case sqlite = ".sqlite"
        case postgres = ".postgres"
    }

    let name: String
    private let parts: (number: Int, title: String)?
    private let dialect: Dialect

    init(name: String) {
        self.name = name
        (parts, dialect) = Self.parts(of: name)
    }

    /// What is wrong with these files of one folder, in the order of their names; each with its file and the remedy.
    static func faults(of files: [MigrationFile]) -> [String] {
        var faults: [String] = []
        var before: MigrationFile?
        for file in files {
            guard let parts = file.parts else {
                faults.append(
                    "\(file.name): is no migration; name it NNNN_what_it_does.sql, of a-z, 0-9 and _, or move it"
                )
                continue
            }
            let last = before?.parts?.number ?? 0
            if let before, parts.number == last {
                let isAnotherText = parts.title == before.parts?.title
                let isForSameDatabase = file.dialect != .postgres && before.dialect != .postgres
                if !isAnotherText {
                    faults.append("\(file.name): has the number of \(before.name); give it the next free one")
                } else if isForSameDatabase {
                    faults.append("\(file.name): is for the same database as \(before.name); remove one of them")
                }
            } else if parts.number != last + 1 {
                faults.append("\(file.name): comes where number \(padded(last + 1)) belongs; leave no gap")
            }
            before = file
        }
        return faults + lonely(files)
    }

    /// Files for one database whose migration has nothing for the other.
    private static func lonely(_ files: [MigrationFile]) -> [String] {
        files.compactMap { file in
            guard let parts = file.parts, file.dialect != .all else { return nil }
            let others = files.filter { $0.parts?.number == parts.number && $0.dialect != file.dialect }
            guard others.isEmpty else { return nil }
            let missing = file.dialect == .sqlite ? Dialect.postgres : .sqlite
            return
                "\(file.name): has no counterpart; add \(padded(parts.number))_\(parts.title)\(missing.rawValue).sql, "
                + "with a comment alone where there is nothing to do"
        }
    }

    /// The elements of the list of migrations, from files without faults and their texts.
    static func entries(_ files: [(file: MigrationFile, text: String)]) -> [String] {
        files.compactMap { file, text in
            guard let parts = file.parts, file.dialect != .postgres else { return nil }
            let other = files.first { $0.file.parts?.number == parts.number && $0.file.dialect == .postgres }
            let postgres = other.map { ", postgreSQL: \"\(escaped($0.text))\"" } ?? ""
            return
                "        Migration(number: \(parts.number), name: \"\(parts.title)\", sql: \"\(escaped(text))\"\(postgres)),"
        }
    }

    private static func parts(of name: String) -> ((number: Int, title: String)?, Dialect) {
        guard name.hasSuffix(".sql") else { return (nil, .all) }
        var stem = name.dropLast(4)
        let dialect = [Dialect.sqlite, .postgres].first { stem.hasSuffix($0.rawValue) } ?? .all
        stem = stem.dropLast(dialect.rawValue.count)
        return (parts(ofStem: stem.utf8), dialect)
    }

    private static func parts(ofStem stem: Substring.UTF8View) -> (number: Int, title: String)? {
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
