import CSQLite

/// The library that serves SQLite databases: libsqlite3, as it is installed on this host.
public enum SQLiteLibrary {
    /// Its release, such as `3.40.1`.
    public static var version: String { unsafe String(cString: sqlite3_libversion()) }

    /// Whether this release can lose committed writes when a commit resets the write-ahead log while another connection
    /// checkpoints (sqlite.org/wal.html, "The WAL-Reset Bug"). Judged by the number of the release alone: a distribution may
    /// have put the correction into an older one.
    public static var hasLogResetBug: Bool { hasLogResetBug(sqlite3_libversion_number()) }

    /// The same for a release as the library numbers it: 3040001 is 3.40.1.
    static func hasLogResetBug(_ number: Int32) -> Bool {
        switch number {
        // Before the write-ahead log.
        case ..<3_007_000: false
        // Older lines that got the correction.
        case 3_044_006..<3_045_000, 3_050_007..<3_051_000: false
        default: number < 3_051_003
        }
    }
}
