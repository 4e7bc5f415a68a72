/// Why a body that is written or read piece by piece cannot go on. A handler need not catch it: there is nobody left to tell.
public enum StreamError: Error, Hashable, Sendable {
    /// The client has closed the connection, or its network has failed.
    case clientGone
    /// The client moves less than ``ServerConfiguration/minimumRate``.
    case clientTooSlow
    /// The server is about to stop, or this process of it, and what is written has no end of its own.
    case serverStopping
}
