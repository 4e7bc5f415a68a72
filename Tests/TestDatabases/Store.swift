import Foundation

/// The databases that a test runs on.
public enum Store: String, Sendable, CaseIterable {
    /// A file.
    case sqlite = "SQLite"
    /// A database of ``PostgreSQLServer``.
    case postgreSQL = "PostgreSQL"

    /// Those that are there. Without PostgreSQL its tests are left out, and one says so by name; CI has to have it.
    public static let all: [Store] =
        PostgreSQLServer.isInstalled || isInCI ? allCases : [.sqlite]

    /// Whether what is not installed is a failure.
    public static let isInCI = ProcessInfo.processInfo.environment["CI"] != nil
}
