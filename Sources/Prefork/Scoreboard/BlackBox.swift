public import Linux

/// What a thread of a worker was doing: the request it served at the moment of reading.
public struct BlackBox: Hashable, Sendable {
    /// What people recognise the request by, such as "GET /v1/rooms/101".
    public var label: String
    /// The id under which it appears in the logs.
    public var id: String
    /// When it began.
    public var startedAt: MonotonicInstant?
    /// When it must be over.
    public var deadline: MonotonicInstant?
    /// Whether the thread died while it wrote this, so that the parts may not belong together.
    public var isTorn: Bool
}
