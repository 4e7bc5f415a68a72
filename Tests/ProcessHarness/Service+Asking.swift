extension Service {
    func connect(timeout: Double = 30) throws -> Connection {
        try Connection(to: address, timeout: timeout)
    }

    /// One request on a connection of its own.
    func ask(_ request: Request, timeout: Double = 30) -> Outcome {
        do throws(Connection.Failure) {
            let connection = try Connection(to: address, timeout: timeout)
            var request = request
            request.fields.append(("Connection", "close"))
            return connection.exchange(request)
        } catch {
            return error.outcome
        }
    }

    /// One request that must be answered.
    func answer(_ request: Request) throws -> Answer {
        let outcome = ask(request)
        guard let answer = outcome.answer else {
            throw Spawned.Failure(description: "\(request.method) \(request.target) was not answered: \(outcome)")
        }
        return answer
    }
}
