public import SQL

/// Where the data lives; for services that have some.
public struct DatabaseSettings: SettingsGroup {
    /// Reads it.
    public init() {}

    /// The database.
    @Setting(
        "DATABASE_URL",
        default: "sqlite:data/service.sqlite",
        "Where the data lives: `sqlite:` and a file on a local disk of this host.",
        SettingFormat("sqlite: and a path, such as sqlite:data/service.sqlite") { try? DatabaseURL($0) },
        redact: DatabaseSettings.redactPassword
    )
    public var url: DatabaseURL

    /// Who copies the write-ahead log of an SQLite database into its file.
    @Setting(
        "CHECKPOINTS",
        default: "auto",
        "Who checkpoints an SQLite database: `auto` the service, `external` a replicator such as Litestream.",
        .oneOf()
    )
    public var checkpoints: Checkpoints

    /// `scheme://user:password@host` with the password hidden.
    private static func redactPassword(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://"), let at = url.lastIndex(of: "@"), scheme.upperBound < at,
            let colon = url[scheme.upperBound..<at].firstIndex(of: ":")
        else { return url }
        return url[...colon] + "<redacted>" + url[at...]
    }
}
