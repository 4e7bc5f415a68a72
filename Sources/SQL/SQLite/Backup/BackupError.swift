import Linux

/// Why a backup was not made or not restored. Nothing was changed.
public struct BackupError: Error, Hashable, CustomStringConvertible {
    /// What failed, with what, and what to do, in a line.
    public let description: String

    init(_ description: String) { self.description = description }

    init(_ error: SystemError, remedy: String) { description = "\(error); \(remedy)" }

    init(_ error: DatabaseError) { description = error.description }

    /// Of what a call of the system or of the database threw.
    init(_ error: any Error) { description = String(describing: error) }
}
