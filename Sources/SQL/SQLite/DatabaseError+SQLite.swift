import CSQLite
import Glibc

extension DatabaseError {
    /// What a result code of SQLite means to callers.
    /// - Parameters:
    ///   - code: The extended result code.
    ///   - connection: Where it happened, for SQLite's own words.
    ///   - path: The database, for the operator.
    ///   - sql: What was run, for whoever looks for a defect. Its parameters hold the values, so it tells nothing private.
    init(code: Int32, on connection: OpaquePointer?, path: String, sql: String = "") {
        let words =
            unsafe connection.map { unsafe String(cString: sqlite3_errmsg($0)) }
            ?? String(cString: sqlite3_errstr(code))
        let systemError = unsafe connection.map { unsafe sqlite3_system_errno($0) } ?? 0
        let detail = "SQLite says \"\(words)\" (code \(code)) about \(path)"
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL, SQLITE_INTERRUPT:
            self = .busy(retryAfter: .seconds(1))
        case SQLITE_FULL:
            self = .full(detail)
        case SQLITE_IOERR where systemError == ENOSPC || systemError == EDQUOT:
            self = .full(detail)
        case SQLITE_READONLY where code == Self.movedDatabase:
            self = .unavailable(reason: "\(path) was moved or deleted", remedy: "put it back")
        case SQLITE_READONLY:
            self = .readOnly(detail)
        case SQLITE_CONSTRAINT:
            self = .violated(Constraint(code: code), sql.isEmpty ? detail : detail + " when running: " + sql)
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            self = .corrupted(detail)
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            self = .unavailable(
                reason: detail + Self.words(for: systemError),
                remedy: "give the service read and write access to the file and its directory"
            )
        case SQLITE_IOERR:
            self = .unavailable(
                reason: detail + Self.words(for: systemError),
                remedy: "check the disk and the kernel's log"
            )
        default:
            self = .failed(sql.isEmpty ? detail : detail + " when running: " + sql)
        }
    }

    /// SQLITE_READONLY_DBMOVED: a macro that Swift does not import.
    private static let movedDatabase = SQLITE_READONLY | (4 << 8)

    private static func words(for systemError: Int32) -> String {
        systemError == 0 ? "" : unsafe ": " + String(cString: strerror(systemError))
    }
}

extension DatabaseError.Constraint {
    /// The extended result codes of SQLITE_CONSTRAINT: macros that Swift does not import.
    fileprivate init(code: Int32) {
        self =
            switch code >> 8 {
            case 1: .check
            case 3: .foreignKey
            case 5: .notNull
            // PRIMARYKEY, UNIQUE, ROWID.
            case 6, 8, 10: .unique
            default: .other
            }
    }
}
