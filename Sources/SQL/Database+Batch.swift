/// Reads of requests that were received together.
extension Database {
    /// The calls from here to ``endBatch()`` serve requests that have all been received: their reads share one snapshot,
    /// taken with the first of them, and taken anew after each write. On PostgreSQL it means nothing: there a snapshot is
    /// part of each statement, while a shared one would cost messages.
    public func beginBatch() { isInBatch = true }

    /// Ends the snapshot, so that no idle worker keeps the write-ahead log from being cut. Without one, or twice, it does
    /// nothing.
    public func endBatch() {
        isInBatch = false
        endTransaction()
    }

    /// Ends the part of this thread in a batch, whose snapshot is not to be kept while a caller waits for something that is
    /// none of the database's: the write-ahead log could not be cut meanwhile. What is read afterwards is read anew. Inside of a
    /// ``read(_:)`` or ``write(isolation:_:)`` it does nothing: those keep what they have until they end.
    public func leaveBatch() {
        guard isInBatch, !isReading, !isWriting, !isOnPostgreSQL else { return }
        endBatch()
    }
}
