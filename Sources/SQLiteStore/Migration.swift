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
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in sql.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
