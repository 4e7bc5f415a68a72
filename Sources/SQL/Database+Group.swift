import Linux

/// What several callers write one after the other, committed together: a commit costs as much as what a small write does
/// before it, and on a slow disk far more. It is the server's to use, between requests.
extension Database {
    /// The group of now.
    struct Group {
        /// Whether there is one.
        var isActive = false
        /// Whether its transaction has begun, which its first write does.
        var isOpen = false
        /// How many writes are a part of it.
        var writes = 0
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
    package func beginGroup() {
        guard !isOnPostgreSQL, !group.isActive else { return }
        group = Group(isActive: true)
        busyTimeout.waitsSince = .now
    }

    /// Commits what the group has written. Without a group it does nothing. Ask ``mayEndGroup`` first, but between calls.
    /// - Throws: `DatabaseError`: of everything that the group has written, nothing is kept; or, when the disk failed at the
    ///   end, it is not known whether it is.
    package func endGroup() throws(DatabaseError) {
        guard group.isActive else { return }
        let ended = group
        group = Group()
        busyTimeout.waitsSince = nil
        defer { if ended.isLast { close() } }
        defer { forgetAfterCommit() }
        if let failure = ended.failure {
            endTransaction()
            throw failure
        }
        guard ended.isOpen else { return }
        do throws(DatabaseError) {
            guard let connection, connection.isInTransaction else { throw .lostGroup }
            if connection.hasMoved { throw .replacedInGroup }
            try observing(commitment) { () throws(DatabaseError) in try connection.commit() }
            observer?.committed(writes: ended.writes)
            committed()
        } catch {
            recover(from: error)
            throw error
        }
    }

    /// Whether ``endGroup()`` may be called: not in the middle of a transaction that the group's is.
    package var mayEndGroup: Bool { !isWriting && !(isReading && group.isOpen) }

    /// Whether nobody has written in the group so far, or there is none.
    package var isGroupEmpty: Bool { !group.isOpen && group.failure == nil }

    /// Whether a group has begun its transaction: what is read now, is read under the write lock.
    var isInGroupTransaction: Bool { group.isOpen }

    /// As ``write(isolation:_:)``, in a group.
    func writeInGroup<Result>(_ body: () throws -> Result) throws -> Result {
        if let failure = group.failure { throw failure }
        // It would be interrupted, and with it what others wrote.
        if let deadline, deadline <= .now { throw DatabaseError.busy(retryAfter: .seconds(1)) }
        if !group.isOpen { try beginGroupTransaction() }
        guard let connection, connection.isInTransaction else {
            group.failure = .lostGroup
            throw DatabaseError.lostGroup
        }
        do {
            try connection.beginSavepoint()
            // A deadline does not interrupt it: SQLite would undo all that the group has written.
            let result = try busyTimeout.uninterrupted { try writing(body) }
            // With the commit it would be everybody's.
            if connection.breaksDeferredReference { throw DatabaseError.violated(.foreignKey, "a deferred reference") }
            try connection.releaseSavepoint()
            group.writes += 1
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
        let error = error as? DatabaseError
        guard let connection else { return }
        if !connection.survives(error) { group.isLast = true }
        // Into a broken file nothing is written.
        if case .corrupted = error { group.failure = error }
        // Some failures, such as a full disk, SQLite undoes the whole transaction for.
        if !connection.isInTransaction { group.failure = group.failure ?? error ?? .lostGroup }
    }
}

extension DatabaseError {
    fileprivate static var lostGroup: DatabaseError {
        .unavailable(
            reason: "SQLite has undone what several requests wrote together",
            remedy: "look for an error of the disk in the log before this one"
        )
    }

    fileprivate static var replacedInGroup: DatabaseError {
        .unavailable(
            reason: "the database's file was replaced while it was written to",
            remedy: "stop the service before a file is put in its place"
        )
    }
}
