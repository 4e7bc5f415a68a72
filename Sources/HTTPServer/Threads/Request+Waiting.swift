import HTTPTypes
import Linux

/// An asynchronous call from a handler was not done when the answer had to be there. The client gets 504.
public struct DeadlineExceeded: Error, Hashable, Sendable {
    /// One.
    public init() {}
}

extension DeadlineExceeded: ProblemConvertible {
    /// 504: something that the answer needs took too long.
    public var problem: Problem {
        Problem(.gatewayTimeout, detail: "What the answer needs took too long. Try again later.")
    }
}

extension Request {
    /// Runs something asynchronous and waits for its result, at most until ``deadline``.
    ///
    /// For libraries that offer `async` functions alone. The handler's thread waits, and another serves its worker's other
    /// connections meanwhile.
    ///
    /// ```swift
    /// router.get("/v1/rates") { request in
    ///     let rates = try request.wait { try await bank.rates() }
    ///     return .json(rates)
    /// }
    /// ```
    ///
    /// The closure runs on Swift's own threads, one for each processor. So it must not block: there it would hold up all
    /// others of the process that are asynchronous. A handler itself may.
    ///
    /// At the deadline the task is cancelled, as tasks are: it is asked to end, and what it returns later is dropped.
    /// - Throws: What `body` throws; ``DeadlineExceeded``, a 504, when it is not done at the deadline.
    public func wait<Result: Sendable>(for body: @escaping @Sendable () async throws -> Result) throws -> Result {
        let outcome = Lock<Swift.Result<Result, any Error>?>(nil)
        let isThere = Semaphore()
        let task = Task.detached {
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            outcome.withLock { $0 = result }
            isThere.signal()
        }
        guard blocking({ isThere.wait(until: MonotonicInstant(nanoseconds: record.deadline)) }) else {
            task.cancel()
            throw DeadlineExceeded()
        }
        return try outcome.withLock { $0 }!.get()
    }
}
