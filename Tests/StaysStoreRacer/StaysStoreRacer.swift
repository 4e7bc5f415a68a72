import SQL
import StaysStore
import StoreContract

/// A process of its own for the contract's races.
@main
enum StaysStoreRacer {
    static func main() {
        Racer.run { url in StaysStore(Database(try DatabaseURL(url), migrations: StaysStore.migrations)) }
    }
}
