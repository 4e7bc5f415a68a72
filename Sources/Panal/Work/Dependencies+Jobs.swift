public import Jobs
public import SQL

extension Dependencies {
    /// The calling thread's database, told until when this job may wait.
    public func database(for job: JobContext) -> Database {
        let database = database
        database.deadline = job.deadline
        return database
    }
}
