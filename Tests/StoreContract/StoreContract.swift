public import Stays

/// What every adapter of `StayStore` must do, as checks that know nothing of the adapter. Its author gives a constructor: for
/// the threads of a test as a ``StoreUnderTest``, and for races between processes, where many share a database, as an
/// executable of three lines (``Racer``, ``ProcessRace``).
///
/// ```swift
/// @Test("keeps the contract", arguments: StoreContract.checks)
/// func keeps(check: StoreCheck) throws { try check.run(against: StaysDatabase()) }
/// ```
public enum StoreContract {
    /// All checks, in the order of the port.
    public static let checks: [StoreCheck] =
        roomChecks + availabilityChecks + bookingChecks + idempotencyChecks + cancellationChecks + pageChecks
        + raceChecks + connectionChecks
}

/// A database of its own for one check: empty, migrated, gone afterwards.
public protocol StoreUnderTest: Sendable {
    /// Opens another connection to the same database, for the thread that calls.
    func open() throws -> any StayStore
}

/// One rule of the port.
public struct StoreCheck: Sendable, CustomStringConvertible {
    /// The rule, as a sentence.
    public let description: String

    private let body: @Sendable (any StoreUnderTest) throws -> Void

    init(_ rule: String, _ body: @escaping @Sendable (any StoreUnderTest) throws -> Void) {
        description = rule
        self.body = body
    }

    /// Runs the check.
    /// - Throws: `ContractViolation`, or what the store threw.
    public func run(against database: some StoreUnderTest) throws {
        try body(database)
    }
}
