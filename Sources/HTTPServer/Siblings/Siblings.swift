/// How busy a server is.
public struct ServerLoad: Hashable, Sendable {
    /// Connections it holds.
    public var connections: Int
    /// Handlers that may begin although they may take long.
    public var freeThreads: Int
    /// Requests that wait for a thread.
    public var waiting: Int

    /// Handlers that take long, each on a thread of its own.
    public var running: Int

    /// A load from its parts.
    public init(connections: Int = 0, freeThreads: Int = 0, waiting: Int = 0, running: Int = 0) {
        self.connections = connections
        self.freeThreads = freeThreads
        self.waiting = waiting
        self.running = running
    }
}

/// Other servers that accept from the same listener, in other processes. Servers tell each other how busy they are, and pass
/// connections on to where there is room.
///
/// All calls come from one thread at a time.
public protocol Siblings: AnyObject {
    /// A descriptor that is readable when a sibling has sent something: see `MessageSocket` in `Linux`.
    var mailbox: CInt { get }

    /// Tells the siblings how busy this server is.
    func publish(_ load: ServerLoad)

    /// Calls for each sibling that serves, with the number by which it is known and how busy it is.
    func forEach(_ body: (Int, ServerLoad) -> Void)

    /// How many messages to a sibling it has not read yet, about.
    func underway(to sibling: Int) -> Int

    /// Sends a message and a descriptor to a sibling's mailbox. The descriptor stays the caller's, the sibling gets one of its
    /// own.
    /// - Returns: Whether it is in the mailbox, where it stays until somebody has read it.
    func send(_ message: RawSpan, _ descriptor: CInt?, to sibling: Int) -> Bool
}
