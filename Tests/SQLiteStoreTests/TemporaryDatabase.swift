import FoundationEssentials
import SQLiteStore
import Stays
import StoreContract

/// A directory that is deleted with the last reference to it, and where a database lies or will lie.
final class TemporaryDatabase: StoreUnderTest {
    let directory: String
    let location: SQLiteLocation

    /// Migrated, unless the test begins before that.
    init(migrated: Bool = true) throws {
        directory = FileManager.default.temporaryDirectory.path + "/stays-\(UUID().uuidString)"
        location = try SQLiteLocation("sqlite:\(directory)/data/stays.sqlite")
        if migrated { _ = try SQLiteMigrator(location).migrate() }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    func open() throws(StoreError) -> any StayStore {
        try store()
    }

    func store(longestWait: Duration = .seconds(30)) throws(StoreError) -> SQLiteStore {
        let store = SQLiteStore(location, longestWait: longestWait)
        try store.open()
        return store
    }
}
