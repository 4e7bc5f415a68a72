import SQL
import Stays
import StaysStore
import TestDatabases
import Testing
import Values

@Suite("bookings while others hold the write lock")
struct BusyTests {
    private let busy = DatabaseError.busy(retryAfter: .seconds(1))

    /// A database in whose write lock somebody sits while the body runs.
    private func whileLocked(_ file: StaysDatabase, _ body: () throws -> Void) throws {
        try Database(file.file.url).write(body)
    }

    @Test("a refusal that needs no lock waits for none")
    func refusalWithoutLock() throws {
        let file = try StaysDatabase()
        let (store, database) = try file.store(longestWait: .seconds(60))
        try store.add(SampleHotel.rooms)
        let request = try wish()
        let idempotency = Idempotency(key: try #require(IdempotencyKey("k")), fingerprint: request.fingerprint)
        let outcome = try store.book(request, idempotency: idempotency, id: BookingID(madeAt: noon), now: noon)
        guard case .done(let booking) = outcome else {
            Issue.record("a free room can be booked")
            return
        }
        try whileLocked(file) { () throws in
            database.deadline = .now
            func ask(_ request: BookingRequest, _ key: Idempotency? = nil, at now: Timestamp = noon) throws -> Once<
                Booking
            > {
                try store.book(request, idempotency: key, id: BookingID(madeAt: now), now: now)
            }
            #expect(throws: BookingRefusal.nightsTaken(booking.stay.eachNight, of: booking.roomID)) { try ask(request) }
            #expect(try ask(request, idempotency) == .replayed(booking))
            let tomorrow = Timestamp(unixSeconds: Int64(request.stay.to.daysSinceEpoch) * 86_400)
            #expect(try ask(request, idempotency, at: tomorrow) == .replayed(booking))
            #expect(throws: BookingRefusal.pastArrival(today: tomorrow.date)) { try ask(request, at: tomorrow) }
            let nowhere = try BookingRequest(
                roomID: #require(RoomID("nowhere")),
                stay: request.stay,
                guests: 1,
                guest: request.guest
            )
            #expect(throws: BookingRefusal.unknownRoom) { try ask(#require(nowhere)) }
            let crowd = BookingRequest(roomID: request.roomID, stay: request.stay, guests: 20, guest: request.guest)
            #expect(throws: BookingRefusal.overCapacity(2)) { try ask(#require(crowd)) }
            // Nothing speaks against this one.
            #expect(throws: busy) { try ask(wish(20)) }
        }
    }

    @Test("cancelling where nothing is to be changed waits for no lock")
    func cancellationWithoutLock() throws {
        let file = try StaysDatabase()
        let (store, database) = try file.store(longestWait: .seconds(60))
        try store.add(SampleHotel.rooms)
        let id = BookingID(madeAt: noon)
        guard case .done(let booking) = try store.book(wish(), idempotency: nil, id: id, now: noon) else {
            Issue.record("a free room can be booked")
            return
        }
        database.deadline = .now
        try whileLocked(file) { () throws in
            #expect(try store.cancel(BookingID(madeAt: noon), expecting: .any) == .unknown)
            #expect(try store.cancel(id, expecting: .oneOf([2])) == .stale(booking))
            // There is something to change.
            #expect(throws: busy) { try store.cancel(id, expecting: .any) }
        }
        #expect(try store.cancel(id, expecting: .any) == .cancelled(booking.cancelled()))
        try whileLocked(file) { () throws in
            #expect(try store.cancel(id, expecting: .any) == .cancelled(booking.cancelled()))
        }
    }
}
