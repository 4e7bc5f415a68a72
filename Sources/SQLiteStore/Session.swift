import Stays
import Values

/// An open database whose schema fits, with every statement the store uses. Dropped whole when something breaks.
final class Session {
    let connection: Connection

    let beginReading: Statement
    let beginWriting: Statement
    let commit: Statement
    let rollback: Statement
    let schemaVersion: Statement

    let room: Statement
    let rooms: Statement
    let freeRooms: Statement
    let insertRoom: Statement

    let booking: Statement
    let bookings: Statement
    let bookingsOfRoom: Statement
    let insertBooking: Statement
    let updateBooking: Statement

    let heldNights: Statement
    let holdNight: Statement
    let freeNights: Statement

    let idempotency: Statement
    let insertIdempotency: Statement
    let deleteExpired: Statement

    init(_ location: SQLiteLocation, patience: Patience) throws(StoreError) {
        let connection = try Connection.open(location, for: .serving, patience: patience)
        try SchemaHistory.requireServable(connection)
        // A backup that was put back may have lost this property of the file.
        try connection.useWriteAheadLog()

        beginReading = try Statement("BEGIN", on: connection)
        beginWriting = try Statement("BEGIN IMMEDIATE", on: connection)
        commit = try Statement("COMMIT", on: connection)
        rollback = try Statement("ROLLBACK", on: connection)
        schemaVersion = try Statement(SchemaHistory.newest, on: connection)

        room = try Statement("SELECT \(Room.columns) FROM room WHERE id = ?1", on: connection)
        rooms = try Statement("SELECT \(Room.columns) FROM room ORDER BY id", on: connection)
        freeRooms = try Statement(
            """
            SELECT \(Room.columns) FROM room WHERE capacity >= ?1 AND NOT EXISTS (
                SELECT 1 FROM held_night WHERE held_night.room_id = room.id AND night >= ?2 AND night < ?3
            ) ORDER BY price_per_night, id
            """,
            on: connection
        )
        insertRoom = try Statement(
            "INSERT INTO room (\(Room.columns)) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING",
            on: connection
        )

        booking = try Statement("SELECT \(Booking.columns) FROM booking WHERE id = ?1", on: connection)
        bookings = try Statement(
            "SELECT \(Booking.columns) FROM booking WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
            on: connection
        )
        bookingsOfRoom = try Statement(
            "SELECT \(Booking.columns) FROM booking WHERE room_id = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2",
            on: connection
        )
        insertBooking = try Statement(
            """
            INSERT INTO booking (\(Booking.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """,
            on: connection
        )
        updateBooking = try Statement("UPDATE booking SET status = ?2, version = ?3 WHERE id = ?1", on: connection)

        heldNights = try Statement(
            "SELECT night FROM held_night WHERE room_id = ?1 AND night >= ?2 AND night < ?3 ORDER BY night",
            on: connection
        )
        holdNight = try Statement(
            "INSERT INTO held_night (room_id, night, booking_id) VALUES (?1, ?2, ?3)",
            on: connection
        )
        freeNights = try Statement(
            "DELETE FROM held_night WHERE room_id = ?1 AND night >= ?2 AND night < ?3 AND booking_id = ?4",
            on: connection
        )

        idempotency = try Statement(
            """
            SELECT fingerprint, booking_id, answered_status, answered_version FROM idempotency
            WHERE key = ?1 AND scope IN (?2, '*')
            """,
            on: connection
        )
        insertIdempotency = try Statement(
            """
            INSERT INTO idempotency
                (key, scope, fingerprint, booking_id, answered_status, answered_version, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            on: connection
        )
        // Two with each new record, the oldest first: the table shrinks as long as any is expired, and a clock that jumps
        // ahead, by whatever, costs no key at a stroke. When bookings go on as before, those that lived are gone half a
        // lifetime later, and none was younger than that when it went.
        deleteExpired = try Statement(
            """
            DELETE FROM idempotency WHERE (key, scope) IN (
                SELECT key, scope FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 2
            )
            """,
            on: connection
        )
        self.connection = connection
    }

    /// Runs the changes under the database's one write lock: all of them are kept, or, when something throws, none.
    func write<Result>(
        _ changes: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        endTransaction()
        do throws(StoreError) {
            // IMMEDIATE takes the lock at once. A transaction that first reads and then wants to write could not wait for
            // the lock: what it has read may be outdated by then.
            try run(beginWriting)
            let result = try changes()
            try run(commit)
            return result
        } catch {
            endTransaction()
            throw error
        }
    }

    /// Lets the reads from now on see one state of the database, which the first of them takes. That costs two system calls
    /// for a lock, and giving it back another: more than a read by primary key itself.
    func beginSnapshot() throws(StoreError) {
        if !connection.isInTransaction { try run(beginReading) }
    }

    /// Undoes what was not committed and gives every lock back: the next read sees what is there then. Where that fails
    /// `connection.isInTransaction` stays true, and closing the connection ends what nothing else could.
    func endTransaction() {
        // Some errors have rolled back already, and there may have been nothing.
        guard connection.isInTransaction else { return }
        try? run(rollback)
    }

    /// Runs a statement that begins or ends a transaction.
    private func run(_ statement: borrowing Statement) throws(StoreError) {
        try connection.patience.uninterrupted { () throws(StoreError) in try statement.run() }
    }
}
