public import Stays
public import Values

/// Rooms and bookings in an SQLite file: one host, a local disk, any number of processes.
///
/// Make one per thread, after the fork. The database is opened by the first call, and again after a failure, so a worker
/// that starts before the database exists begins to answer once it does. It never creates one: `SQLiteMigrator` does.
public final class SQLiteStore {
    /// The database.
    public let location: SQLiteLocation

    private let patience: Patience
    private let networkFilesystem: NetworkFilesystem.Policy
    private var session: Session?
    private var isInBatch = false
    /// When a read looks again whether the database is still in its place.
    private var nextLook = SuspendingClock.now

    /// A store that has not opened its database yet.
    /// - Parameters:
    ///   - location: The database.
    ///   - longestWait: How long a write waits for other writers when `deadline` does not end it sooner.
    ///   - networkFilesystem: Whether to open a database on a network file system.
    public init(
        _ location: SQLiteLocation,
        longestWait: Duration = .seconds(5),
        networkFilesystem: NetworkFilesystem.Policy = .refused
    ) {
        self.location = location
        self.networkFilesystem = networkFilesystem
        patience = Patience(longestWait: longestWait)
    }

    /// Opens the database now instead of with the first call.
    public func open() throws(StoreError) {
        _ = try openSession()
    }

    func openSession() throws(StoreError) -> Session {
        if let session { return session }
        if networkFilesystem == .refused { try NetworkFilesystem.refuse(location) }
        let opened = try Session(location, patience: patience)
        session = opened
        return opened
    }

    private func use<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        let session = try openSession()
        do throws(StoreError) {
            return try body(session)
        } catch {
            switch error {
            // An idle worker must hold no lock, whatever was interrupted where.
            case .busy, .full: endTransaction()
            // Whatever broke may be repaired by now: the next call opens the database anew.
            case .unprepared, .unavailable, .readOnly, .corrupted, .failed: self.session = nil
            }
            throw error
        }
    }

    /// Someone may have put another database in this one's place: what is written here then is lost, what is read is old.
    private func leaveMovedDatabase() {
        if let session, session.connection.hasMoved { self.session = nil }
    }

    /// Leaves no transaction open: one that cannot be rolled back ends with its connection.
    private func endTransaction() {
        guard let session else { return }
        session.endTransaction()
        if session.connection.isInTransaction { self.session = nil }
    }

    /// A read: in the batch's snapshot, if there is a batch.
    private func read<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        let now = SuspendingClock.now
        if now >= nextLook {
            nextLook = now.advanced(by: Self.timeBetweenLooks)
            leaveMovedDatabase()
        }
        return try use { session throws(StoreError) in
            if isInBatch { try session.beginSnapshot() }
            return try body(session)
        }
    }

    private func write<Result>(
        _ changes: (Session) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let wasOpen = session != nil
        do throws(StoreError) {
            return try writeOnce(changes)
        } catch {
            // A connection that was opened when only reading was possible never tries to write. A new one does, and the
            // operator who mended the matter need not wait until each worker has refused once more. Nothing was changed.
            guard case .readOnly = error, wasOpen else { throw error }
            return try writeOnce(changes)
        }
    }

    private func writeOnce<Result>(
        _ changes: (Session) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        leaveMovedDatabase()
        return try use { session throws(StoreError) in
            try session.write { () throws(StoreError) in try changes(session) }
        }
    }
}

extension SQLiteStore: StayStore {
    /// Until when calls may wait for other writers, and queries may run; nil for `longestWait` and no limit.
    public var deadline: SuspendingClock.Instant? {
        get { patience.deadline }
        set { patience.deadline = newValue }
    }

    /// Reads share a snapshot from now on.
    public func beginBatch() { isInBatch = true }

    /// Ends the snapshot, so that no idle worker keeps the write-ahead log from being cut.
    public func endBatch() {
        isInBatch = false
        endTransaction()
    }

    /// Opens the database if need be and compares its schema with this release; takes a few microseconds once it is open.
    public func readiness() -> StoreReadiness {
        leaveMovedDatabase()
        do throws(StoreError) {
            try use { session throws(StoreError) in
                let version = try session.schemaVersion.first { row in Int(row.integer(0)) } ?? 0
                try SchemaHistory.requireServable(version: version, at: location)
            }
            return location.obstacleToWriting.map { .readable(obstacle: $0) } ?? .ready
        } catch {
            return .unready(error)
        }
    }

    /// All rooms, by id.
    public func rooms() throws(StoreError) -> [Room] {
        try read { session throws(StoreError) in try session.rooms.all(make: Room.init(row:)) }
    }

    /// One room by its primary key: one step of one compiled statement.
    public func room(_ id: RoomID) throws(StoreError) -> Room? {
        try read { session throws(StoreError) in try session.room.first(id.text, make: Room.init(row:)) }
    }

    /// The rooms without a held night in the stay, cheapest first, then by id.
    public func availability(_ query: AvailabilityQuery) throws(StoreError) -> [Room] {
        try read { session throws(StoreError) in
            try session.freeRooms.all(
                query.guests,
                query.stay.from.description,
                query.stay.to.description,
                make: Room.init(row:)
            )
        }
    }

    /// One booking by its primary key.
    public func booking(_ id: BookingID) throws(StoreError) -> Booking? {
        try read { session throws(StoreError) in try session.booking.first(id.description, make: Booking.init(row:)) }
    }

    /// Books under the write lock, which makes the check and the change one; refusals that need no lock take none.
    public func book(
        _ request: BookingRequest,
        idempotency: Idempotency?,
        id: BookingID,
        now: Timestamp
    ) throws(StoreError) -> BookingOutcome {
        // That nights are taken, or over, is known without the write lock: whoever loses a race does not hold up the others.
        let known: Judgement? = try read { session throws(StoreError) in
            let isOpen = request.isPast(at: now) ? false : try session.nightsHeld(in: request).isEmpty
            return isOpen ? nil : try session.judge(request, idempotency: idempotency, now: now)
        }
        if case .settled(let outcome) = known { return outcome }
        return try write { session throws(StoreError) in
            switch try session.judge(request, idempotency: idempotency, now: now) {
            case .settled(let outcome):
                return outcome
            case .bookable(let room):
                guard let booking = Booking(request, in: room, id: id, at: now) else {
                    return .overCapacity(room.capacity)
                }
                try session.insert(booking)
                if let idempotency { try session.insert(idempotency, answering: booking, at: now) }
                return .booked(booking)
            }
        }
    }

    /// Cancels and frees the nights under the write lock; where nothing is to be changed it takes none.
    public func cancel(
        _ id: BookingID,
        expecting version: ExpectedVersion
    ) throws(StoreError) -> CancellationOutcome {
        let known = try read { session throws(StoreError) in try session.judge(cancelling: id, expecting: version) }
        if case .settled(let outcome) = known { return outcome }
        return try write { session throws(StoreError) in
            switch try session.judge(cancelling: id, expecting: version) {
            case .settled(let outcome):
                return outcome
            case .cancellable(let booking):
                let cancelled = booking.cancelled()
                try session.update(cancelled)
                return .cancelled(cancelled)
            }
        }
    }

    /// A page along the primary key, or along the index by room.
    public func bookings(_ page: PageRequest) throws(StoreError) -> BookingPage {
        try read { session throws(StoreError) in
            let before = page.cursor?.description ?? Self.afterAllIdentifiers
            // One more than the page holds tells whether another page follows.
            let found: [Booking]
            if let room = page.roomID {
                found = try session.bookingsOfRoom.all(before, page.limit + 1, room.text, make: Booking.init(row:))
            } else {
                found = try session.bookings.all(before, page.limit + 1, make: Booking.init(row:))
            }
            guard found.count > page.limit else { return BookingPage(bookings: found, next: nil) }
            let bookings = Array(found.prefix(page.limit))
            return BookingPage(bookings: bookings, next: bookings.last.map { Cursor(after: $0.id) })
        }
    }

    /// Adds the rooms that are new, in one transaction.
    @discardableResult
    public func add(_ rooms: [Room]) throws(StoreError) -> Int {
        try write { session throws(StoreError) in
            var added = 0
            for room in rooms {
                try session.insertRoom.run(
                    room.id.text,
                    room.name,
                    room.capacity,
                    room.pricePerNight.minorUnits,
                    room.pricePerNight.currency.code
                )
                added += session.connection.changes
            }
            return added
        }
    }

    /// For so long reads may show a database that was replaced meanwhile; writes and probes look each time. A look costs
    /// 1.6 µs, half as much as a read by primary key itself; to ask the clock first costs 0.03.
    static let timeBetweenLooks = Duration.milliseconds(100)

    /// Sorts after every identifier of a booking, whose characters end with `z`.
    private static let afterAllIdentifiers = "~"
}
