import Linux

/// In place of that of `Synchronization`, which ThreadSanitizer cannot see.
final class Mutex<Value>: Sendable {
    private let lock: Lock<Value>

    init(_ value: sending Value) { lock = Lock(value) }

    func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try lock.withLock(body)
    }
}
