public import Values

// What the API's documentation shows.

extension Room: ExampleProviding {
    /// One of the sample hotel.
    public static var example: Room { SampleHotel.rooms[0] }
}

extension NewBooking: ExampleProviding {
    /// Two nights in ``Room/example``.
    public static var example: NewBooking {
        guard let to = CivilDate.example.adding(days: 2), let name = Text<100>("Ada Lovelace") else {
            preconditionFailure("the example has a departure and a guest")
        }
        let guest = NewGuest(name: name, email: .example)
        return NewBooking(roomId: Room.example.id, from: .example, to: to, guests: .example, guest: guest)
    }
}

extension Booking: ExampleProviding {
    /// What becomes of ``NewBooking/example``.
    public static var example: Booking {
        let (id, now) = (BookingID.example, Timestamp(unixSeconds: 0))
        guard let booking = try? Booking(NewBooking.example.request, in: .example, held: [], id: id, at: now) else {
            preconditionFailure("the example can be booked")
        }
        return booking
    }
}
