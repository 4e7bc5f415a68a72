import StoreContract
import Testing

@Suite("the store in SQL keeps the port's contract")
struct ContractTests {
    @Test("a rule of the port holds", arguments: StoreContract.checks)
    func holds(check: StoreCheck) throws {
        let database = try StaysDatabase()
        try check.run(against: database)
        #expect(try database.text("PRAGMA integrity_check") == "ok")
    }
}
