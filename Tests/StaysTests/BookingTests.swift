import FoundationEssentials
import Stays
import Testing
import Values

@Suite("a booking")
struct BookingTests {
    private let now = Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456)

    private func request(guests: Int = 2, name: String = "Ada", room: String = "101") throws -> BookingRequest {
        let stay = try Stay(from: #require(CivilDate("2027-01-10")), to: #require(CivilDate("2027-01-13")))
        let guest = try Guest(name: name, email: #require(EmailAddress("ada@example.org")))
        let room = try #require(RoomID(room))
        let (nights, booker) = (try #require(stay), try #require(guest))
        return try #require(BookingRequest(roomID: room, stay: nights, guests: guests, guest: booker))
    }

    @Test("costs the room's price for each night and begins confirmed at version 1")
    func begins() throws {
        let room = SampleHotel.rooms[0]
        let booking = try Booking(request(), in: room, held: [], id: BookingID(bits: 1), at: now)
        #expect(booking.total == room.pricePerNight.times(3))
        #expect(booking.status == .confirmed)
        #expect(booking.version == 1)
        #expect(booking.createdAt == now)
    }

    @Test("is refused by one rule, in one order: the past, no such room, too many guests, nights that others hold")
    func refused() throws {
        let room = SampleHotel.rooms[0]
        let held = [try #require(CivilDate("2027-01-11")), try #require(CivilDate("2027-01-12"))]
        let late = Timestamp(unixSeconds: 1_810_000_000)
        func refusal(_ request: BookingRequest, _ room: Room?, _ held: [CivilDate], _ now: Timestamp) -> BookingRefusal?
        {
            do throws(BookingRefusal) {
                _ = try Booking(request, in: room, held: held, id: BookingID(bits: 1), at: now)
                return nil
            } catch {
                return error
            }
        }
        let tooMany = try request(guests: room.capacity + 1)
        #expect(refusal(tooMany, nil, held, late) == .pastArrival(today: late.date))
        #expect(refusal(tooMany, nil, held, now) == .unknownRoom)
        #expect(refusal(try request(room: "102"), room, [], now) == .unknownRoom)
        #expect(refusal(tooMany, room, held, now) == .overCapacity(room.capacity))
        #expect(refusal(try request(), room, held, now) == .nightsTaken(held, of: room.id))
        #expect(refusal(try request(), room, [], now) == nil)
        #expect(refusal(try request(guests: room.capacity), room, [], now) == nil)
        // The day of arrival is not over before its end.
        let lastMoment = Timestamp(unixSeconds: Int64(try request().stay.from.daysSinceEpoch + 1) * 86_400 - 1)
        #expect(refusal(try request(), room, [], lastMoment) == nil)
    }

    @Test("is cancelled by one rule: none, another version, and else the cancelled booking")
    func cancellation() throws {
        let booking = try Booking(request(), in: SampleHotel.rooms[0], held: [], id: BookingID(bits: 1), at: now)
        #expect(CancellationOutcome(of: nil, expecting: .any) == .unknown)
        #expect(CancellationOutcome(of: booking, expecting: .oneOf([2])) == .stale(booking))
        #expect(CancellationOutcome(of: booking, expecting: .oneOf([1])) == .cancelled(booking.cancelled()))
        #expect(CancellationOutcome(of: booking.cancelled(), expecting: .any) == .cancelled(booking.cancelled()))
        #expect(CancellationOutcome(of: booking.cancelled(), expecting: .oneOf([1])) == .stale(booking.cancelled()))
    }

    @Test("is written, and its room, as clients of the service know them")
    func json() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        let room = SampleHotel.rooms[0]
        let booking = try Booking(request(), in: room, held: [], id: BookingID(bits: 1), at: now)
        #expect(
            try text(room)
                == #"{"capacity":2,"id":"101","name":"Garden Room","pricePerNight":{"amount":"120.00","currency":"EUR"}}"#
        )
        #expect(
            try text(booking) == #"{"createdAt":"2026-11-24T03:14:15Z","from":"2027-01-10","#
                + #""guest":{"email":"ada@example.org","name":"Ada"},"guests":2,"id":"00000000000000000000000001","#
                + #""roomId":"101","status":"confirmed","to":"2027-01-13","#
                + #""total":{"amount":"360.00","currency":"EUR"},"version":1}"#
        )
    }

    @Test("is cancelled once: a second time changes nothing")
    func cancelled() throws {
        let booking = try Booking(request(), in: SampleHotel.rooms[0], held: [], id: BookingID(bits: 1), at: now)
        let cancelled = booking.cancelled()
        #expect(cancelled.status == .cancelled)
        #expect(cancelled.version == 2)
        #expect(cancelled.request == booking.request)
        #expect(cancelled.cancelled() == cancelled)
    }

    @Test("is too late from the midnight behind the day of arrival on, in UTC")
    func late() throws {
        let midnight = Int64(try #require(CivilDate("2027-01-11")).daysSinceEpoch) * 86_400
        #expect(try !request().isPast(at: Timestamp(unixSeconds: midnight - 86_400)))
        #expect(try !request().isPast(at: Timestamp(unixSeconds: midnight - 1)))
        #expect(try request().isPast(at: Timestamp(unixSeconds: midnight)))
    }

    @Test("keeps a guest's name of which earlier releases were not so particular: what a store holds stays readable")
    func kept() throws {
        #expect(Guest(name: "\u{200B}", email: try #require(EmailAddress("a@b.example"))) != nil)
    }

    @Test("is asked for with a fingerprint that every field changes and that no release may change")
    func fingerprints() throws {
        let plain = try request().fingerprint
        #expect(try request().fingerprint == plain)
        #expect(try request(guests: 1).fingerprint != plain)
        #expect(try request(name: "Adb").fingerprint != plain)
        #expect(try request(room: "102").fingerprint != plain)
        #expect(String(plain.bits, radix: 16) == "c9924ac74628461329c95c4f5a6b0072")
    }
}
