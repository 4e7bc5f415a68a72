public import Linux

/// A synchronous HTTP/1.1 server: an event loop whose thread runs the handlers too, and threads for handlers that wait.
///
/// The edge is event-driven, so slow clients cost no thread; a handler is a function that may wait. While it does, another
/// thread has the loop. To use more than one processor run more processes on the same listening socket.
///
/// ```swift
/// var router = Router()
/// router.get("/livez") { _ in .text("ok\n") }
///
/// // From `Linux`:
/// let address = try SocketAddress.resolve(host: "127.0.0.1", port: 8080)
/// let listener = try FileDescriptor.streamSocket(family: address.family)
/// try address.bind(listener.rawValue)
/// try listener.listen(backlog: 128)
/// // `signal()` on it ends the server.
/// let shutdown = try EventFD()
///
/// try Server(router: router).run(listener: listener.rawValue, shutdown: shutdown.rawValue) { print("ready") }
/// ```
public final class Server {
    private let configuration: ServerConfiguration
    private let router: Router
    private let observer: (any ServerObserver)?
    private let siblings: (any Siblings)?

    /// A server that is not running yet.
    /// - Parameters:
    ///   - configuration: Limits and timeouts.
    ///   - router: The routes. Later changes to the caller's value have no effect.
    ///   - observer: Sees every request; kept alive by the server.
    ///   - siblings: Other servers on the same listener, in other processes.
    public init(
        configuration: ServerConfiguration = ServerConfiguration(),
        router: Router,
        observer: (any ServerObserver)? = nil,
        siblings: (any Siblings)? = nil
    ) {
        self.configuration = configuration
        self.router = router
        self.observer = observer
        self.siblings = siblings
    }

    /// Serves on the calling thread until it has drained.
    ///
    /// Draining begins when `shutdown` becomes readable. The server then goes on accepting what the kernel already let
    /// in, answers every request that was sent with `Connection: close`, keeps connections readable until they have
    /// been silent for ``ServerConfiguration/drainGrace``, and returns when nothing is left, or at
    /// ``ServerConfiguration/drainTimeout``.
    ///
    /// - Parameters:
    ///   - listener: A listening TCP or unix socket, non-blocking. Other processes may accept from it too. It is not
    ///     closed. `nil` lets nobody in, for a process that only shows that it could serve.
    ///   - shutdown: A descriptor that becomes readable when draining must begin, such as an eventfd. It is not read
    ///     from, and not closed.
    ///   - whenReady: Called once everything is set up, right before the first connection can be accepted.
    ///   - isLast: Whether nobody serves on the listener after this server; asked whenever `shutdown` is written to. If
    ///     somebody does, nobody waits for this one: it drains with ``ServerConfiguration/unhurriedDrainGrace``.
    /// - Throws: `SystemError` when the event loop cannot be set up.
    public func run(
        listener: CInt?,
        shutdown: CInt,
        whenReady: () -> Void = {},
        isLast: @escaping () -> Bool = { true }
    ) throws(SystemError) {
        let dispatcher = Dispatcher(routes: RouteTable(router, configuration))
        let makeLoop: (ServerSignals) throws(SystemError) -> EventLoop = { signals throws(SystemError) in
            try EventLoop(
                configuration: self.configuration,
                dispatcher: dispatcher,
                observer: self.observer,
                listener: listener,
                shutdown: shutdown,
                isLast: isLast,
                siblings: self.siblings,
                signals: signals
            )
        }
        let threads = try ServingThreads(
            makeLoop,
            configuration: configuration,
            dispatcher: dispatcher,
            observer: observer
        )
        whenReady()
        threads.run()
    }
}
