/// Where the handler of a route runs, which serves other connections too as long as it does not wait.
public enum RouteExecution: Sendable {
    /// On the thread that also reads and answers all other connections, and another thread takes those over when the handler
    /// waits (`blocking`, in `Linux`) or has run for 5 ms. Of a route that took long lately they are taken over at once.
    case adaptive
    /// On a thread of its own from the beginning: for handlers that wait each time, such as for another service. It costs some
    /// ten microseconds a request and saves others up to 5 ms.
    case blocking
    /// Like ``adaptive``, and also when all threads are busy: for health probes and other handlers that never wait.
    case urgent
}
