import Values

/// One step of the schema, written once and never changed after a release: a later step corrects an earlier one.
///
/// It is a file `NNNN_name.sql` in the folder `Migrations` of a target that uses the plugin `EmbedMigrations`, which compiles
/// the folder in as `Migrations.all`.
public struct Migration: Hashable, Sendable {
    /// Its place, from 1, without a gap.
    public let number: Int

    /// What it does, in words joined by `_`.
    public let name: String

    /// One or more statements. They run in one transaction with those of all other pending migrations, so none of them may
    /// begin or end one.
    public let sql: String

    /// The step with this number, name and text.
    public init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// Tells whether the text is still the one that was applied: FNV-1a with 64 bits, in hexadecimal.
    public var checksum: String {
        var hash = FNV1a<UInt64>()
        hash.combine(sql.utf8)
        return String(hash.value, radix: 16)
    }
}
