public import HTTPClient
public import Jobs
public import SQL

extension Dependencies {
    /// The calling thread's database, told until when this job may wait.
    public func database(for job: JobContext) -> Database {
        let database = database
        database.deadline = job.deadline
        return database
    }

    /// Calls other services for this job: within its time, with its ``Jobs/JobContext/idempotencyID`` as `X-Request-ID`.
    public func client(for job: JobContext) -> HTTPClient {
        var client = client
        client.deadline = job.monotonicDeadline
        client.requestID = job.idempotencyID
        return client
    }
}
