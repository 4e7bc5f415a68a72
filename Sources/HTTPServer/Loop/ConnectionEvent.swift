/// What happens to a connection between the kernel's queue, a server and its siblings.
public enum ConnectionEvent: Sendable {
    /// It was taken from the kernel's queue.
    case accepted
    /// There was no descriptor for it: it was told so, and closed.
    case refused
    /// It was sent to a sibling, its descriptor with it.
    case passedOn
    /// A sibling sent it here.
    case received
}
