/// Why a database was not moved, or not moved to its end. The database that was to be moved is as it was.
public struct MoveError: Error, Hashable, CustomStringConvertible {
    /// What failed, with what, and what to do, in a line.
    public let description: String

    init(_ description: String) { self.description = description }

    /// Of what a call of a database threw.
    init(_ error: any Error) {
        self = error as? MoveError ?? MoveError(String(describing: error))
    }
}
