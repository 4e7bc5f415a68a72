import Glibc

/// A booking that waits in its handler, because the test holds the database's lock.
struct HeldBooking {
    let connection: Connection
    let database: Database

    init(in service: Service, id: String, room: String, query: String = "") throws {
        database = try Database(service.databasePath)
        try database.query("BEGIN IMMEDIATE")
        connection = try service.connect()
        var request = Hotel.booking(of: room, inDays: 30)
        request.target += query
        request.fields.append(("X-Request-ID", id))
        connection.send(request.bytes)
    }

    /// Waits until some thread of the worker sleeps between two tries for the lock.
    func isInHandler(of worker: pid_t) -> Bool {
        eventually(by: .after(5)) {
            ProcessTree.names(in: "/proc/\(worker)/task").contains {
                ProcessTree.read("/proc/\(worker)/task/\($0)/wchan")?.contains("nanosleep") == true
            }
        }
    }
}
