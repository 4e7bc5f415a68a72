/// Answers one request: a plain synchronous function.
///
/// It runs on the server's thread, to its end, before the next request of this process is looked at. What it throws is
/// answered too: a ``Problem`` as it stands, any other error as a 500 that tells the client nothing and the
/// ``ServerObserver`` everything.
public typealias Handler = @Sendable (Request) throws -> Response

/// Decides by a request's head whether it may go on, before its body is read and before its handler runs: credentials, rates,
/// what a client may send at all. What it throws is the answer, as with a ``Handler``. The request's body is not there yet.
///
/// What it finds out, such as who asks, it leaves in the request: ``RequestContextKey``. It can change nothing else of it, and
/// must not keep the request.
///
/// Only what is known from the head can be refused so early; what needs the body belongs into a ``Middleware``.
public typealias Admission = @Sendable (inout Request) throws -> Void

/// Wraps a handler in another one: what runs before it, after it, or instead of it. See ``Router/use(_:)`` for what it
/// gets to see. It hands on the request it was given, with what it has set in its context (``RequestContextKey``).
///
/// ```swift
/// let timing: Middleware = { next in
///     { request in
///         var response = try next(request)
///         response.headerFields[.serverTiming] = "app"
///         return response
///     }
/// }
/// ```
public typealias Middleware = @Sendable (@escaping Handler) -> Handler

/// A handler that has an answer for everything.
typealias Answer = @Sendable (Request) -> Response
