/// Whether a store can serve now.
public enum StoreReadiness: Hashable, Sendable {
    /// It can.
    case ready

    /// It can be read, but this keeps writes from succeeding; the text also says what to do.
    case readable(obstacle: String)

    /// It cannot, for this reason; the text also says what to do.
    case unready(reason: String)
}
