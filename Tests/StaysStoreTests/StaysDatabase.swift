import FoundationEssentials
import SQL
import Stays
import StaysStore
import StoreContract
import TestDatabases
import Testing
import Values

/// A database of its own for one test.
struct StaysDatabase: StoreUnderTest {
    let file: TemporaryDatabase

    init(on store: Store = .sqlite, migrated: Bool = true) throws {
        file = try TemporaryDatabase(StaysStore.migrations, on: store, migrated: migrated)
    }

    func open() throws -> any StayStore { try store().store }

    /// The store and the database it works on.
    func store(longestWait: Duration = .seconds(30)) throws -> (store: StaysStore, database: Database) {
        let database = try file.open(longestWait: longestWait)
        return (StaysStore(database), database)
    }

    /// The first column of the first row.
    func text(_ sql: String) throws -> String? {
        try Database(file.url).first(sql) { row in try row.text(0) }
    }

    /// Statements of somebody else.
    func execute(_ statements: String...) throws {
        let other = Database(file.url, longestWait: .zero)
        for sql in statements { try other.run(sql) }
    }
}

/// 2026-11-24T03:14:15.123456Z.
let noon = Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456)

/// A wish to book room 101 from a day of January 2027.
func wish(_ day: Int = 10, nights: Int = 2) throws -> BookingRequest {
    let stay = try Stay(from: #require(CivilDate("2027-01-\(day)")), to: #require(CivilDate("2027-01-\(day + nights)")))
    let guest = try Guest(name: "Ada Lovelace", email: #require(EmailAddress("ada@example.org")))
    let room = try #require(RoomID("101"))
    let (nights, booker) = (try #require(stay), try #require(guest))
    return try #require(BookingRequest(roomID: room, stay: nights, guests: 2, guest: booker))
}
