import Jobs
public import SQL
public import Stays
public import Values

/// Rooms and bookings in SQL. A store is nothing but its thread's database: make one where you need one.
public struct StaysStore: StayStore {
    /// What the database must have been through.
    public static let migrations = Migrations.all

    private let database: Database
    private let newsAt: (@Sendable () -> Timestamp)?

    /// The rooms and bookings in this database.
    /// - Parameter newsAt: The clock for ``BookingNews``, which each booking and cancellation adds; `nil` for none.
    public init(_ database: Database, newsAt: (@Sendable () -> Timestamp)? = nil) {
        self.database = database
        self.newsAt = newsAt
    }

    /// All rooms, by id.
    public func rooms() throws -> [Room] {
        try database.all("SELECT * FROM room ORDER BY id") { row in try Room(row) }
    }

    /// One room by its primary key.
    public func room(_ id: RoomID) throws -> Room? {
        try database.first("SELECT * FROM room WHERE id = :id", id.text) { row in try Room(row) }
    }

    /// The rooms without a held night in the stay, cheapest first, then by id.
    public func availability(_ query: AvailabilityQuery) throws -> [Room] {
        try database.all(
            """
            SELECT * FROM room WHERE capacity >= :guests AND NOT EXISTS (
                SELECT 1 FROM held_night WHERE held_night.room_id = room.id AND night >= :from AND night < :to
            ) ORDER BY price_per_night, id
            """,
            query.guests.value,
            query.from,
            query.to
        ) { row in try Room(row) }
    }

    /// Books in one transaction, which makes the check and the change one; refusals that need no write lock take none.
    public func book(
        _ request: BookingRequest,
        idempotency: Idempotency?,
        id: BookingID,
        now: Timestamp
    ) throws -> Once<Booking> {
        var made: Booking?
        // That a night is held once is the rule of a primary key, whatever others do meanwhile.
        let answer = try database.write(once: idempotency, at: now, isolation: .readCommitted) {
            let (room, held) = try situation(of: request)
            return try Booking(request, in: room, held: held, id: id, at: now)
        } _: { booking in
            try insert(booking)
            made = booking
            return BookingAnswer(booking)
        }
        // The body may have run more often than once; what it made last is what was kept, if this was done now.
        if case .done = answer, let made { return .done(made) }
        return try answer.map { answer in
            guard let kept = try BookingID(answer.id).flatMap({ try booking($0) }),
                let booking = answer.booking(asKept: kept)
            else {
                throw DatabaseError.corrupted("the booking of an idempotency key is gone")
            }
            return booking
        }
    }

    /// One booking by its primary key.
    public func booking(_ id: BookingID) throws -> Booking? {
        try database.first("SELECT * FROM booking WHERE id = :id", id.description) { row in try Booking(row) }
    }

    /// Cancels and frees the nights in one transaction; where nothing is to be changed no write lock is taken.
    public func cancel(_ id: BookingID, expecting version: ExpectedVersion) throws -> CancellationOutcome {
        let known = try booking(id)
        let outcome = CancellationOutcome(of: known, expecting: version)
        guard case .cancelled(let cancelled) = outcome, cancelled != known else { return outcome }
        return try database.write {
            let current = try booking(id)
            let outcome = CancellationOutcome(of: current, expecting: version)
            if case .cancelled(let cancelled) = outcome, cancelled != current { try update(cancelled) }
            return outcome
        }
    }

    /// A page along the primary key, or along the index by room.
    public func bookings(_ query: BookingQuery) throws -> Page<Booking, BookingID> {
        let before = query.cursor?.description ?? Self.afterAllIdentifiers
        let size = query.limit?.value ?? PageLimit.usual
        // One more than the page holds tells whether another page follows.
        let found =
            if let room = query.room {
                try database.all(
                    "SELECT * FROM booking WHERE room_id = :room AND id < :before ORDER BY id DESC LIMIT :count",
                    room,
                    before,
                    size + 1
                ) { row in try Booking(row) }
            } else {
                try database.all(
                    "SELECT * FROM booking WHERE id < :before ORDER BY id DESC LIMIT :count",
                    before,
                    size + 1
                ) { row in try Booking(row) }
            }
        return Page(found: found, size: size, by: \.id)
    }

    /// Adds the rooms that are new, in one transaction.
    @discardableResult
    public func add(_ rooms: [Room]) throws -> Int {
        try database.write {
            try rooms.reduce(0) { added, room in
                let sql = """
                    INSERT INTO room (id, name, capacity, price_per_night, currency)
                    VALUES (:id, :name, :capacity, :price_per_night, :currency) ON CONFLICT (id) DO NOTHING
                    """
                return try added
                    + database.run(
                        sql,
                        [
                            "id": room.id, "name": room.name, "capacity": room.capacity,
                            "price_per_night": room.pricePerNight.minorUnits, "currency": room.pricePerNight.currency,
                        ]
                    )
            }
        }
    }

    /// Sorts after every identifier of a booking, whose characters end with `z`.
    private static let afterAllIdentifiers = "~"
}

// MARK: - Parts of transactions

extension StaysStore {
    /// The room that a request is for, nil when there is none, and those of the nights that others hold.
    private func situation(of request: BookingRequest) throws -> (room: Room?, held: [CivilDate]) {
        let rows = try database.all(
            """
            SELECT room.*, night FROM room
            LEFT JOIN held_night ON room_id = room.id AND night >= :from AND night < :to
            WHERE room.id = :room ORDER BY night
            """,
            request.stay.from,
            request.stay.to,
            request.roomID
        ) { row in (room: try Room(row), night: try row["night"] as CivilDate?) }
        return (rows.first?.room, rows.compactMap(\.night))
    }

    private func insert(_ booking: Booking) throws {
        try database.enqueue(
            """
            INSERT INTO booking (id, room_id, arrival, departure, guests, guest_name, guest_email, total, currency, status,
                version, created_at)
            VALUES (:id, :room_id, :arrival, :departure, :guests, :guest_name, :guest_email, :total, :currency, :status,
                :version, :created_at)
            """,
            [
                "id": booking.id, "room_id": booking.roomID, "arrival": booking.stay.from, "departure": booking.stay.to,
                "guests": booking.guests, "guest_name": booking.guest.name, "guest_email": booking.guest.email,
                "total": booking.total.minorUnits, "currency": booking.total.currency, "status": booking.status,
                "version": booking.version, "created_at": booking.createdAt,
            ]
        )
        for night in booking.stay.eachNight {
            try database.enqueue(
                "INSERT INTO held_night (room_id, night, booking_id) VALUES (:room, :night, :booking)",
                ["room": booking.roomID, "night": night, "booking": booking.id]
            )
        }
        try tell(booking)
    }

    /// Writes the status and version of a booking that was cancelled, and frees its nights.
    private func update(_ booking: Booking) throws {
        try database.enqueue(
            "UPDATE booking SET status = :status, version = :version WHERE id = :id",
            ["id": booking.id, "status": booking.status, "version": booking.version]
        )
        try database.enqueue(
            "DELETE FROM held_night WHERE room_id = :room AND night >= :from AND night < :to AND booking_id = :booking",
            ["room": booking.roomID, "from": booking.stay.from, "to": booking.stay.to, "booking": booking.id]
        )
        try tell(booking)
    }

    /// The news of one booking come in their order.
    private func tell(_ booking: Booking) throws {
        guard let now = newsAt?() else { return }
        try database.add(BookingNews(booking), JobOptions(orderingKey: "booking \(booking.id)"), at: now)
    }
}
