/// What a write holds to while others write at the same time. On SQLite, where one writes at a time, all is the same.
public enum Isolation: Sendable {
    /// What the write has read stays true until it ends, whatever it decides by it. On PostgreSQL it may have to be run again
    /// because another wrote near to what it has read ("Serializable Isolation Level"), which the server judges by pages.
    case serializable

    /// Rules of the schema, unique keys and references, decide what may be written; what was read without being locked may be
    /// outdated by the end. On PostgreSQL it meets nobody but who writes the same keys (`READ COMMITTED`). When a unique
    /// rule is broken the body is run again, a few times, and sees what the other has written.
    case readCommitted
}
