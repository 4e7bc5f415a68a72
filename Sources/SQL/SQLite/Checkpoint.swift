/// What one checkpoint came to.
public struct Checkpoint: Hashable, Sendable {
    /// How many pages were in the write-ahead log.
    public let pages: Int

    /// How many of them are in the database's file now, those of earlier checkpoints included. Fewer than `pages` when a
    /// reader still needs what the file holds.
    public let copied: Int

    /// For how long it held the write lock, so that no writer could begin.
    public let pause: Duration
}
