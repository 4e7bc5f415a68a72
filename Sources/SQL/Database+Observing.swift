public import Linux

extension Database {
    /// Runs a statement, and tells the observer.
    @inlinable
    func perform<Result>(_ statement: Statement, _ body: (Statement) throws -> Result) throws -> Result {
        guard observer != nil else { return try body(statement) }
        return try performObserved(statement, body)
    }

    @inlinable @inline(never)
    func performObserved<Result>(_ statement: Statement, _ body: (Statement) throws -> Result) throws -> Result {
        let start = startOfObservation()
        do {
            let result = try body(statement)
            if let start { endObservation(of: statement, from: start, nil) }
            return result
        } catch {
            if let start { endObservation(of: statement, from: start, error) }
            throw error
        }
    }

    /// When what comes now began; `nil` when nobody wants to know.
    @usableFromInline
    func startOfObservation() -> MonotonicInstant? { observer?.isWatching == true ? .now : nil }

    @usableFromInline
    func endObservation(of statement: Statement, from start: MonotonicInstant, _ error: (any Error)?) {
        observer?.ended(statement.operation, from: start, to: .now, error: error as? DatabaseError)
    }

    /// Does what an operation stands for, and tells the observer.
    func observing<Result>(
        _ operation: @autoclosure () -> DatabaseOperation,
        _ body: () throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        guard let start = startOfObservation() else { return try body() }
        do throws(DatabaseError) {
            let result = try body()
            observer?.ended(operation(), from: start, to: .now, error: nil)
            return result
        } catch {
            observer?.ended(operation(), from: start, to: .now, error: error)
            throw error
        }
    }
}
