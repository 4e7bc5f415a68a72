public import HTTPTypes

/// The limits of a ``Server``. Sizes are bytes; each limit's status is what the client gets beyond it.
public struct ServerConfiguration: Sendable {
    /// The request line: 414 beyond. 8000 is the least a server should take (RFC 9112 section 3).
    public var maxRequestLineSize = 8 * 1024

    /// One header field's line: 431 beyond. Room for a large cookie.
    public var maxFieldSize = 16 * 1024

    /// All header fields, and again all trailer fields: 431 beyond.
    public var maxFieldSectionSize = 32 * 1024

    /// The number of header fields: 431 beyond. Browsers send about 20.
    public var maxFieldCount = 100

    /// The decoded body, unless its route takes less: 413 beyond, decided before reading it where possible. A body is
    /// held in memory whole; 1 GiB is the most.
    public var maxBodySize = 1024 * 1024

    /// The memory for bodies that have not arrived whole, of all connections together, and as much again for heads: 503 beyond,
    /// decided before a body of known size is read. Requests that come in one piece need none of it, and when none is held one
    /// body always fits.
    public var maxBodyMemory = 32 * 1024 * 1024

    /// From a request's first byte (on a new connection: from its acceptance) to the end of its header section: 408
    /// beyond; without a byte the connection is closed silently.
    public var headerTimeout: Duration = .seconds(10)

    /// How often the arrival of a body is judged: when less than ``minimumRate`` came since the last time, 408.
    public var bodyTimeout: Duration = .seconds(10)

    /// How often the sending of an answer is judged: when the client took less than ``minimumRate`` since the last
    /// time, the connection is reset.
    public var writeTimeout: Duration = .seconds(10)

    /// The slowest client served, in bytes per second. A body or answer that moves less holds memory for nothing.
    public var minimumRate = 256

    /// How long an idle connection is kept for the next request. Longer than a balancer's own idle timeout (often
    /// 60 s), so that the balancer, which cannot repeat every request, is the one to close.
    public var keepAliveTimeout: Duration = .seconds(95)

    /// How long a handler may take unless its route says otherwise; sets ``Request/deadline``.
    public var requestTimeout: Duration = .seconds(30)

    /// After a refused request: how long further bytes are read and dropped, so that the client sees the answer and
    /// not a reset (RFC 9112 section 9.6).
    public var lingerTimeout: Duration = .seconds(2)

    /// While draining: a connection that has been silent for so long is closed. The longer the silence, the less likely
    /// it is that a request crosses the end of its connection on the wire.
    public var drainGrace: Duration = .milliseconds(300)

    /// ``drainGrace`` while other processes go on serving on the same listener, so that nobody waits for this one.
    public var unhurriedDrainGrace: Duration = .seconds(2)

    /// When draining ends, whatever is still open.
    public var drainTimeout: Duration = .seconds(20)

    /// Requests of one connection answered in a row before other connections have their turn.
    public var maxPipelined = 32

    /// Connections open at once. At the limit the listener is left to sibling processes until one closes.
    public var maxConnections = 16 * 1024

    /// Requests after which the observer is told to have this process replaced; `nil` is never. The server serves on.
    public var maxRequests: Int?

    /// Handlers that may take long at the same time, each on a thread of its own.
    public var maxThreads = 16

    /// The most threads that the server has: ``maxThreads``, one that serves the others, and two for routes whose handlers had
    /// never taken long and begin to when all others are busy.
    public var threadCount: Int { maxThreads + 1 + HandlerRoom.spare }

    /// How long a handler may run until another thread takes over what it would hold up. Shorter, and threads would change for
    /// handlers that are about to end; longer, and others would wait for longer than they notice.
    public var handlerPatience: Duration = .milliseconds(5)

    /// How long a request may wait for a thread, when none is free: 503 beyond. Earlier, when not even the one that waits least
    /// has been answered soon for some time.
    public var queueTimeout: Duration = .seconds(5)

    /// Further lines for the head of an answer, by the number of the thread that gave it: to find out what runs where. Each
    /// line ends with CRLF.
    public var signature: (@Sendable (Int) -> String)?

    /// Further fields of every answer, in the order they are sent. One that an answer has itself takes the place of that here.
    public var commonFields: [HTTPField] = []

    /// Peers that are believed when they say for whom they ask.
    public var trustedProxies: [AddressRange] = []

    /// In which fields they say it.
    public var proxyHeaders = ProxyHeaders.xForwarded

    /// The defaults above.
    public init() {}
}
