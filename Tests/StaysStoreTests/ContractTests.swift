import SQL
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

    @Test("of twenty processes that want one night exactly one gets it", arguments: Store.all)
    func oneNight(on store: Store) throws {
        let database = try StaysDatabase(on: store)
        try ProcessRace("StaysStoreRacer", at: database.file.url.description, store: database).oneNight()
    }

    @Test("a request sent by twenty processes under one key books once and all get that booking", arguments: Store.all)
    func oneKey(on store: Store) throws {
        let database = try StaysDatabase(on: store)
        try ProcessRace("StaysStoreRacer", at: database.file.url.description, store: database).oneKey()
    }
}
