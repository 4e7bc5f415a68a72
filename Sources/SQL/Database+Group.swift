/// What several callers write one after the other, committed together: a commit costs as much as what a small write does
/// before it, and on a slow disk far more.
///
/// ```swift
/// database.beginGroup()
/// for order in orders { results.append(Result { try place(order) }) }  // each with a `write` of its own
/// try database.endGroup()
/// // From here on they may be told.
/// ```
extension Database {
    /// The group of now.
    struct Group {
        /// Whether there is one.
        var isActive = false
        /// Whether its transaction has begun, which its first write does.
        var isOpen = false
        /// Why nothing of it can be kept.
        var failure: DatabaseError?
    }

    /// The writes from here to ``endGroup()`` become one transaction, each a part of it that can fail alone. Nobody may be
    /// told of what they wrote, or of what was read after them, before that.
    ///
    /// The group takes the write lock with its first write and keeps it to the end, so do nothing else meanwhile. All of them
    /// together wait no longer for it than one would. On PostgreSQL, where writers do not wait for each other, it changes
    /// nothing: each write commits itself.
    public func beginGroup() {
        guard !isOnPostgreSQL else { return }
        group = Group(isActive: true)
        busyTimeout.waitsSince = .now
    }

    /// Commits what the group has written. Without a group it does nothing.
    /// - Throws: `DatabaseError`: of everything that the group has written, nothing is kept; or, when the disk failed at the
    ///   end, it is not known whether it is.
    public func endGroup() throws(DatabaseError) {
        guard group.isActive else { return }
        let (isOpen, failure) = (group.isOpen, group.failure)
        group = Group()
        busyTimeout.waitsSince = nil
        if let failure {
            endTransaction()
            throw failure
        }
        guard isOpen, let connection else { return }
        do throws(DatabaseError) {
            try connection.commit()
        } catch {
            recover(from: error)
            throw error
        }
        hasCommitted = true
    }

    /// Whether a group has begun its transaction: what is read now, is read under the write lock.
    var isInGroupTransaction: Bool { group.isOpen }

    /// As ``write(_:)``, in a group.
    func writeInGroup<Result>(_ body: () throws -> Result) throws -> Result {
        if let failure = group.failure { throw failure }
        if !group.isOpen { try beginGroupTransaction() }
        guard let connection else { preconditionFailure("the transaction of a group has a connection") }
        do {
            try connection.beginSavepoint()
            let result = try writing(body)
            try connection.releaseSavepoint()
            return result
        } catch {
            undo(after: error, on: connection)
            throw error
        }
    }

    private func undo(after error: any Error, on connection: Connection) {
        // An error that SQLite rolls everything back for, such as a full disk, takes the others with it.
        guard connection.isInTransaction, connection.survives(error as? DatabaseError) else { return loseGroup(to: error) }
        do { try connection.rollBackToSavepoint() } catch { loseGroup(to: error) }
    }

    /// Of the group nothing is kept.
    func loseGroup(to error: any Error) {
        group.failure = group.failure ?? error as? DatabaseError ?? .failed("a write of the same group failed: \(error)")
    }
}
