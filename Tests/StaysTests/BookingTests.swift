import Stays
import Testing

@Suite("a booking")
struct BookingTests {
    private let now = Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456)

    private func request(guests: Int = 2, name: String = "Ada", room: String = "101") throws -> BookingRequest {
        try BookingDraft(
            roomID: room,
            from: "2027-01-10",
            to: "2027-01-13",
            guests: guests,
            guestName: name,
            guestEmail: "ada@example.org"
        ).request()
    }

    @Test("costs the room's price for each night and begins confirmed at version 1")
    func begins() throws {
        let room = SampleHotel.rooms[0]
        let booking = try #require(Booking(request(), in: room, id: BookingID(bits: 1), at: now))
        #expect(booking.total == room.pricePerNight.times(3))
        #expect(booking.status == .confirmed)
        #expect(booking.version == 1)
        #expect(booking.createdAt == now)
    }

    @Test("cannot be made for another room or for more than it sleeps")
    func refused() throws {
        let room = SampleHotel.rooms[0]
        #expect(try Booking(request(guests: room.capacity + 1), in: room, id: BookingID(bits: 1), at: now) == nil)
        #expect(try Booking(request(room: "102"), in: room, id: BookingID(bits: 1), at: now) == nil)
    }

    @Test("is cancelled once: a second time changes nothing")
    func cancelled() throws {
        let booking = try #require(Booking(request(), in: SampleHotel.rooms[0], id: BookingID(bits: 1), at: now))
        let cancelled = booking.cancelled()
        #expect(cancelled.status == .cancelled)
        #expect(cancelled.version == 2)
        #expect(cancelled.request == booking.request)
        #expect(cancelled.cancelled() == cancelled)
    }

    @Test("has a name that sorts by time, reads back, and is never the same twice")
    func identifiers() throws {
        var last = BookingID(madeAt: Timestamp(microsecondsSinceEpoch: 0))
        for microsecond in 1..<500 as Range<Int64> {
            let id = BookingID(madeAt: Timestamp(microsecondsSinceEpoch: now.microsecondsSinceEpoch + microsecond))
            #expect(last < id)
            #expect(last.description < id.description)
            #expect(id.description.utf8.count == 26)
            #expect(BookingID(id.description) == id)
            last = id
        }
        #expect(Set((0..<1_000).map { _ in BookingID(madeAt: now) }).count == 1_000)
        #expect(BookingID(bits: .max).description == "7zzzzzzzzzzzzzzzzzzzzzzzzz")
        #expect(BookingID(bits: 0).description == "00000000000000000000000000")
    }

    @Test(
        "has no other name",
        arguments: [
            "", "0", "8zzzzzzzzzzzzzzzzzzzzzzzzz", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0000000000000000000000000i",
            "0000000000000000000000000l", "0000000000000000000000000o", "0000000000000000000000000u",
            "000000000000000000000000000", "0000000000000000000000000", "0000000000000000000000000é",
        ]
    )
    func badIdentifiers(text: String) {
        #expect(BookingID(text) == nil)
        #expect(Cursor(text) == nil)
    }

    @Test("is asked for with a fingerprint that every field changes and that no release may change")
    func fingerprints() throws {
        let plain = try Fingerprint(request())
        #expect(try Fingerprint(request()) == plain)
        #expect(try Fingerprint(request(guests: 1)) != plain)
        #expect(try Fingerprint(request(name: "Adb")) != plain)
        #expect(try Fingerprint(request(room: "102")) != plain)
        #expect(String(plain.bits, radix: 16) == "c9924ac74628461329c95c4f5a6b0072")
    }

    @Test("may start from any version or from one of a list")
    func expected() {
        #expect(ExpectedVersion.any.includes(7))
        #expect(ExpectedVersion.oneOf([1, 7]).includes(7))
        #expect(!ExpectedVersion.oneOf([1]).includes(7))
        #expect(!ExpectedVersion.oneOf([]).includes(1))
    }
}
