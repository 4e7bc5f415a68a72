/// The databases whose SQL differs.
public enum Dialect: Sendable {
    /// SQLite's.
    case sqlite
    /// PostgreSQL's.
    case postgreSQL
}
