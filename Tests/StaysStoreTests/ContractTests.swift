import StoreContract
import TestDatabases
import Testing

@Suite("the store in SQL keeps the port's contract")
struct ContractTests {
    @Test("a rule of the port holds", arguments: StoreContract.checks, Store.all)
    func holds(check: StoreCheck, store: Store) throws {
        let database = try StaysDatabase(on: store)
        try check.run(against: database)
        guard store == .sqlite else { return }
        #expect(try database.text("PRAGMA integrity_check") == "ok")
    }
}
