import SQLiteStore
import StoreContract
import Testing

@Suite("the SQLite store keeps the port's contract")
struct ContractTests {
    @Test("a rule of the port holds", arguments: StoreContract.checks)
    func holds(check: StoreCheck) throws {
        let database = try TemporaryDatabase()
        try check.run(against: database)
        #expect(try database.integrity() == "ok")
    }
}
