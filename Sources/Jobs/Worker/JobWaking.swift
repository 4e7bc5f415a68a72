import Linux
import SQL

/// How a worker that has nothing to do learns that there may be something: on PostgreSQL by a notification, on SQLite by a file
/// beside the database that is touched. Both can be missed, so it looks by itself now and then too.
final class JobWaking {
    /// The channel of PostgreSQL's notifications.
    static let channel = "panal_job"

    /// The file beside an SQLite database.
    static func path(of location: SQLiteLocation) -> String { location.path + "-jobs" }

    private let database: Database
    private var watch: FileWatch?
    private var listening: CInt?
    /// Why nobody wakes it; `nil` when somebody does, or when it is not known yet.
    private(set) var obstacle: String?

    init(_ database: Database) { self.database = database }

    /// What can be read when there may be something to do. To be called before each look at the queue, so that nothing comes
    /// unnoticed in between.
    func prepare() throws {
        switch database.url.location {
        case .sqlite(let location):
            guard watch == nil else { return }
            do throws(SystemError) {
                watch = try FileWatch(Self.path(of: location), madeAs: location.path)
                obstacle = nil
            } catch {
                obstacle = error.description
            }
        case .postgreSQL:
            listening = nil
            switch try database.listen(to: Self.channel) {
            case .descriptor(let descriptor): (listening, obstacle) = (descriptor, nil)
            case .unsupported: (listening, obstacle) = (nil, "a pooler gives notifications to nobody")
            }
        }
    }

    /// What to wait for; `nil` for the time alone.
    var descriptor: CInt? { watch?.rawValue ?? listening }

    /// Whether somebody woke the worker since this was last asked.
    func take() -> Bool {
        if let rawValue = watch?.rawValue {
            guard Poll.isReady(rawValue, .read) else { return false }
            do throws(SystemError) {
                try watch?.clear()
            } catch {
                watch = nil
            }
            return true
        }
        guard listening != nil, database.takeNotifications() else { return false }
        listening = nil
        return true
    }

    /// How often to look when nobody says that there is something.
    var interval: Duration { obstacle == nil ? .seconds(5) : .seconds(1) }
}
