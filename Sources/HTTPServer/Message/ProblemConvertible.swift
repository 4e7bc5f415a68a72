/// An error that knows how to tell a client about itself, such as an invalid input or a store that is busy.
///
/// Thrown from a handler it is answered by its ``problem``. When that is a 5xx, the ``ServerObserver`` gets the error
/// itself as the cause, so that the log can say what the client must not know.
public protocol ProblemConvertible: Error {
    /// What the client gets.
    var problem: Problem { get }
}
