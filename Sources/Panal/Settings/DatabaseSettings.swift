public import SQL

/// Where the data lives; for services that have some.
public struct DatabaseSettings: SettingsGroup {
    /// Reads it.
    public init() {}

    /// The database.
    @Setting(
        "DATABASE_URL",
        default: "sqlite:data/service.sqlite",
        "Where the data lives: `sqlite:` and a file on a local disk of this host, or the `postgres://` URL of a server.",
        SettingFormat(
            "sqlite: and a path, such as sqlite:data/service.sqlite, or postgres://user:password@host/database"
        ) { try? DatabaseURL($0) },
        redact: DatabaseURL.redacted
    )
    public var url: DatabaseURL

    /// How many connections of a server this instance of the service may have.
    @Setting(
        "DATABASE_CONNECTIONS",
        default: "auto",
        "Connections of a PostgreSQL server that this instance may have; `auto` is all that the server grants, asked at the start.",
        SettingFormat("a number from 1 to \(ConnectionCount.limit), or auto") { ConnectionCount($0) }
    )
    public var connections: ConnectionCount

    /// Who copies the write-ahead log of an SQLite database into its file.
    @Setting(
        "CHECKPOINTS",
        default: "auto",
        "Who checkpoints an SQLite database: `auto` the service, `external` a replicator such as Litestream.",
        .oneOf()
    )
    public var checkpoints: Checkpoints
}
