/// Whether a store can serve now.
public enum StoreReadiness: Hashable, Sendable {
    /// It can.
    case ready

    /// It cannot, for this reason; the text also says what to do.
    case unready(reason: String)
}
