public import HTTPClient
public import Jobs
public import SQL
import Telemetry

extension Dependencies {
    /// The calling thread's database, told until when this job may wait.
    public func database(for job: JobContext) -> Database {
        let database = database
        database.deadline = job.deadline
        return database
    }

    /// Calls other services for this job: within its time, with its `JobContext.idempotencyID` as `X-Request-ID`,
    /// as part of the trace in which it was added.
    public func client(for job: JobContext) -> HTTPClient {
        var client = client
        client.deadline = job.monotonicDeadline
        client.requestID = job.idempotencyID
        if let context = ThreadTrace.current.context { client.trace = HTTPClient.Trace(context, state: nil) }
        return client
    }
}
