import Linux
import Logging
import Prefork

/// What all workers count in; each is `nil` where there is no such limit.
struct RateLimitTables: Sendable {
    var key: RateLimitTable?
    var address: RateLimitTable?

    static let keyName = "rate-limit-keys"
    static let addressName = "rate-limit-addresses"

    /// No limit.
    init() {}

    init(_ settings: ServerSettings, slots: Int) throws(SystemError) {
        if let limit = settings.rateLimit { key = try RateLimitTable(Self.keyName, limit, slots: slots) }
        if let limit = settings.addressRateLimit { address = try RateLimitTable(Self.addressName, limit, slots: slots) }
    }

    /// As the process with a slot of its own keeps them.
    func limiters(slot: Int) -> RateLimiters {
        key?.use(slot)
        address?.use(slot)
        return RateLimiters(
            key: key.map { RateLimiter(name: "key", table: $0, slot: slot) },
            address: address.map { RateLimiter(name: "address", table: $0, slot: slot) }
        )
    }

    /// What the program that takes over in an upgrade goes on with.
    var memory: [String: SharedMemory] {
        var memory: [String: SharedMemory] = [:]
        memory[Self.keyName] = key?.memory
        memory[Self.addressName] = address?.memory
        return memory
    }
}

extension Service {
    /// Where workers count what is limited: in an upgrade, where the former program's did.
    static func makeRateLimitTables(_ settings: ServerSettings, _ logger: Logger) throws -> RateLimitTables {
        let slots = Scoreboard.capacity
        func table(_ name: String, _ limit: RateLimit?) throws -> RateLimitTable? {
            guard let limit else { return nil }
            return try makeTable(logger, name, former: { RateLimitTable(in: $0, limit, slots: slots) }) {
                () throws(SystemError) in try RateLimitTable(name, limit, slots: slots)
            }
        }
        var tables = RateLimitTables()
        tables.key = try table(RateLimitTables.keyName, settings.rateLimit)
        tables.address = try table(RateLimitTables.addressName, settings.addressRateLimit)
        return tables
    }
}
