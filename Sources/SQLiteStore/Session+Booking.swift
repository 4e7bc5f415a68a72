import Stays
import Values

/// What can be said about a wish to cancel from what the store holds.
enum CancellationJudgement {
    /// Nothing speaks against cancelling this booking.
    case cancellable(Booking)
    /// This is the answer, and nothing is to be written.
    case settled(CancellationOutcome)
}

/// What can be said about a wish to book from what the store holds.
enum Judgement {
    /// Nothing speaks against booking this room.
    case bookable(Room)
    /// This is the answer, and nothing is to be written.
    case settled(BookingOutcome)
}

extension Session {
    /// Reads whether a request can be booked. Only what it says under the write lock holds for longer than a moment.
    func judge(
        _ request: BookingRequest,
        idempotency: Idempotency?,
        now: Timestamp
    ) throws(StoreError) -> Judgement {
        let room = try room.first(request.roomID.text, make: Room.init(row:))
        let taken = try nightsHeld(in: request)
        // The key is read last and decides first. Without the write lock each read may see a later state: had the key been
        // read before its booking came to be, and the nights after, the client would be told that it lost to itself.
        if let idempotency, let outcome = try answered(idempotency) { return .settled(outcome) }
        guard !request.isPast(at: now) else { return .settled(.pastArrival(today: now.date)) }
        guard let room else { return .settled(.unknownRoom) }
        guard request.guests <= room.capacity else { return .settled(.overCapacity(room.capacity)) }
        return taken.isEmpty ? .bookable(room) : .settled(.nightsTaken(taken))
    }

    /// Reads whether a booking can be cancelled. Only what it says under the write lock holds for longer than a moment.
    func judge(cancelling id: BookingID, expecting version: ExpectedVersion) throws(StoreError) -> CancellationJudgement
    {
        guard let booking = try booking.first(id.description, make: Booking.init(row:)) else {
            return .settled(.unknown)
        }
        guard version.includes(booking.version) else { return .settled(.stale(booking)) }
        return booking.status == .confirmed ? .cancellable(booking) : .settled(.cancelled(booking))
    }

    func nightsHeld(in request: BookingRequest) throws(StoreError) -> [CivilDate] {
        try heldNights.all(
            request.roomID.text,
            request.stay.from.description,
            request.stay.to.description
        ) { row throws(StoreError) in try row.value(0) { CivilDate($0) } }
    }

    /// The answer that was given under this key; nil when there was none or it is forgotten. A record answers as long as it
    /// is there: by which clock would it be too old?
    private func answered(_ asked: Idempotency) throws(StoreError) -> BookingOutcome? {
        let record = try idempotency.first(asked.key.text, asked.scope.text) { row throws(StoreError) in
            (
                fingerprint: try row.value(0) { UInt128($0, radix: 16) },
                bookingID: try row.text(1),
                status: try row.value(2, Booking.Status.init),
                version: Int(truncatingIfNeeded: row.integer(3))
            )
        }
        guard let record else { return nil }
        guard record.fingerprint == asked.fingerprint.bits else { return .keyReused }
        guard let booking = try booking.first(record.bookingID, make: Booking.init(row:)),
            let asAnswered = Booking(
                id: booking.id,
                request: booking.request,
                total: booking.total,
                status: record.status,
                version: record.version,
                createdAt: booking.createdAt
            )
        else { throw .corrupted("the booking of an idempotency key is gone") }
        return .replayed(asAnswered)
    }

    func insert(_ booking: Booking) throws(StoreError) {
        let id = booking.id.description
        try insertBooking.run(
            id,
            booking.roomID.text,
            booking.stay.from.description,
            booking.stay.to.description,
            booking.guests,
            booking.guest.name,
            booking.guest.email.text,
            booking.total.minorUnits,
            booking.total.currency.code,
            booking.status.rawValue,
            booking.version,
            booking.createdAt.microsecondsSinceEpoch
        )
        for night in booking.stay.eachNight {
            try holdNight.run(booking.roomID.text, night.description, id)
        }
    }

    func insert(_ idempotency: Idempotency, answering booking: Booking, at now: Timestamp) throws(StoreError) {
        try deleteExpired.run(now.microsecondsSinceEpoch)
        try insertIdempotency.run(
            idempotency.key.text,
            idempotency.scope.text,
            String(idempotency.fingerprint.bits, radix: 16),
            booking.id.description,
            booking.status.rawValue,
            booking.version,
            now.adding(IdempotencyKey.lifetime).microsecondsSinceEpoch
        )
    }

    /// Writes the new status and version, and frees the nights of a booking that no longer holds them.
    func update(_ booking: Booking) throws(StoreError) {
        let id = booking.id.description
        try updateBooking.run(id, booking.status.rawValue, booking.version)
        guard booking.status == .cancelled else { return }
        try freeNights.run(booking.roomID.text, booking.stay.from.description, booking.stay.to.description, id)
    }
}
