import Foundation

/// The databases that a test runs on.
public enum Store: String, Sendable, CaseIterable {
    /// A file.
    case sqlite = "SQLite"
    /// A database of ``PostgreSQLServer``.
    case postgreSQL = "PostgreSQL"
    /// The same behind ``PgBouncer``, which gives each transaction whichever connection is free.
    case pooledPostgreSQL = "PostgreSQL behind PgBouncer"

    /// Those that are there. What is not installed is left out, and one test says so by name; CI has to have it.
    public static let all: [Store] = allCases.filter { $0.isInstalled || isInCI }

    /// Whether its programs are there.
    public var isInstalled: Bool {
        switch self {
        case .sqlite: true
        case .postgreSQL: PostgreSQLServer.isInstalled
        case .pooledPostgreSQL: PostgreSQLServer.isInstalled && PgBouncer.isInstalled
        }
    }

    /// Whether what is not installed is a failure.
    public static let isInCI = ProcessInfo.processInfo.environment["CI"] != nil
}
