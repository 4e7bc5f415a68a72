public import Values

// What the API's documentation shows.

extension Room: ExampleProviding, Identifiable {
    /// One of the sample hotel.
    public static var example: Room { SampleHotel.rooms[0] }
}

extension AvailabilityQuery: ExampleProviding {
    /// Two nights that are not over soon: examples are to be sent as they stand.
    public static var example: AvailabilityQuery {
        guard let from = CivilDate("2040-01-10"), let to = from.adding(days: 2), let stay = Stay(from: from, to: to)
        else { preconditionFailure("the example has two nights") }
        return AvailabilityQuery(stay: stay, guests: .example)
    }
}

extension NewBooking: ExampleProviding {
    /// The nights of ``AvailabilityQuery/example`` in ``Room/example``.
    public static var example: NewBooking {
        guard let name = Text<100>("Ada Lovelace") else { preconditionFailure("the example has a guest") }
        let (guest, stay) = (NewGuest(name: name, email: .example), AvailabilityQuery.example.stay)
        return NewBooking(roomId: Room.example.id, from: stay.from, to: stay.to, guests: .example, guest: guest)
    }
}

extension Booking: ExampleProviding {
    /// What becomes of ``NewBooking/example``.
    public static var example: Booking {
        let request = NewBooking.example.request
        guard let booking = try? Booking(request, in: .example, held: [], id: .example, at: Timestamp(unixSeconds: 0))
        else { preconditionFailure("the example can be booked") }
        return booking
    }
}
