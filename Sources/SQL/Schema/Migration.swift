import Values

/// One step of the schema, written once and never changed after a release: a later step corrects an earlier one.
///
/// It is a file `NNNN_name.sql` in the folder `Migrations` of a target that uses the plugin `EmbedMigrations`, which compiles
/// the folder in as `Migrations.all`. Where the databases need different texts, `NNNN_name.postgres.sql` stands beside
/// `NNNN_name.sql` or `NNNN_name.sqlite.sql`; one of them may hold nothing but a comment.
public struct Migration: Hashable, Sendable {
    /// Its place, from 1, without a gap.
    public let number: Int

    /// What it does, in words joined by `_`.
    public let name: String

    /// One or more statements. They run in one transaction with those of all other pending migrations, so none of them may
    /// begin or end one.
    public let sql: String

    /// The statements for PostgreSQL; nil where `sql` is for both.
    public let postgreSQL: String?

    /// The step with this number, name and text.
    /// - Parameters:
    ///   - number: Its place in the order, from 1.
    ///   - name: What it does, in a few words.
    ///   - sql: The text.
    ///   - postgreSQL: The text for PostgreSQL, when it needs another one.
    public init(number: Int, name: String, sql: String, postgreSQL: String? = nil) {
        self.number = number
        self.name = name
        self.sql = sql
        self.postgreSQL = postgreSQL
    }

    /// Tells whether the text for SQLite, or for both, is still the one that was applied: FNV-1a with 64 bits, in
    /// hexadecimal.
    public var checksum: String { checksum(for: .sqlite) }

    /// As ``checksum``, of the text for PostgreSQL.
    public var checksumForPostgreSQL: String { checksum(for: .postgreSQL) }

    func text(for dialect: Dialect) -> String {
        switch dialect {
        case .sqlite: sql
        case .postgreSQL: postgreSQL ?? sql
        }
    }

    func checksum(for dialect: Dialect) -> String {
        var hash = FNV1a<UInt64>()
        hash.combine(text(for: dialect).utf8)
        return String(hash.value, radix: 16)
    }
}
