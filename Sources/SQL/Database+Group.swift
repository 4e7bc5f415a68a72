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
        /// Whether the connection is of no use after it.
        var isLast = false
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
        let (isOpen, failure, isLast) = (group.isOpen, group.failure, group.isLast)
        group = Group()
        defer { if isLast { close() } }
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

    /// As ``write(isolation:_:)``, in a group.
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
            recoverGroup(from: error)
            if group.failure == nil {
                do { try connection.rollBackToSavepoint() } catch { group.failure = error }
            }
            throw error
        }
    }

    /// After a failure of one of the group: decides what becomes of the others.
    func recoverGroup(from error: any Error) {
        guard let connection else { return }
        let error = error as? DatabaseError
        if !connection.survives(error) { group.isLast = true }
        // Into a broken file nothing is written.
        if case .corrupted = error { group.failure = error }
        // Some failures, such as a full disk, SQLite undoes the whole transaction for.
        if !connection.isInTransaction { group.failure = error ?? .failed("the transaction of the group is gone") }
    }
}
