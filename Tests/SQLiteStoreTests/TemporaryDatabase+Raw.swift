import Stays
import Values

@testable import SQLiteStore

extension TemporaryDatabase {
    /// A connection below the store, to do what others may do to the file.
    func connect(_ purpose: Connection.Purpose = .serving) throws(StoreError) -> Connection {
        try Connection.open(location, for: purpose, patience: Patience(longestWait: .zero))
    }

    /// The first column of the first row.
    func text(_ sql: String) throws(StoreError) -> String? {
        try Statement(sql, on: connect()).first { row throws(StoreError) in try row.text(0) }
    }

    /// What SQLite finds wrong with the file; `ok` for nothing.
    func integrity() throws(StoreError) -> String? {
        try text("PRAGMA integrity_check")
    }
}
