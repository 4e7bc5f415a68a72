import Stays
import Testing
import Values

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

    @Test(
        "is named by an identifier, and so is a place in the list",
        arguments: ["", "0", "0000000000000000000000000i"]
    )
    func badCursors(text: String) {
        #expect(Cursor(text) == nil)
        #expect(Cursor(BookingID(bits: 7).description)?.lastSeen == BookingID(bits: 7))
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
