/// Who copies the write-ahead log of an SQLite database into its file.
public enum Checkpoints: String, CaseIterable, Sendable {
    /// The service, one process at a time.
    case auto
    /// Something else, which has to: the service never does.
    case external
}
