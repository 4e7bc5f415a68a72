import Values

/// One step of the schema, written once and never changed after a release: a later step corrects an earlier one.
struct Migration {
    let number: Int
    let name: String
    let sql: String

    init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// The files in `Migrations/`, compiled in. SwiftPM names each after its file, with `_` in place of the first digit.
    static let all = [
        Migration(
            number: 1,
            name: "create_stays",
            sql: String(decoding: PackageResources._001_create_stays_sql, as: UTF8.self)
        ),
        Migration(
            number: 2,
            name: "scope_idempotency",
            sql: String(decoding: PackageResources._002_scope_idempotency_sql, as: UTF8.self)
        ),
    ]

    /// Tells whether the text is still the one that was applied: FNV-1a with 64 bits, in hexadecimal.
    var checksum: String {
        var hash = FNV1a<UInt64>()
        hash.combine(sql.utf8)
        return String(hash.value, radix: 16)
    }
}
