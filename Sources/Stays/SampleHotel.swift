import Values

/// A small hotel to look at: twelve rooms on three floors.
public enum SampleHotel {
    /// The rooms, by id.
    public static let rooms: [Room] = [
        room("101", "Garden Room", sleeps: 2, cents: 120_00),
        room("102", "Courtyard Room", sleeps: 2, cents: 110_00),
        room("103", "Lavender Single", sleeps: 1, cents: 79_00),
        room("104", "Old Kitchen Family Room", sleeps: 4, cents: 165_00),
        room("201", "Beekeeper's Room", sleeps: 2, cents: 125_00),
        room("202", "Linden Room", sleeps: 2, cents: 115_00),
        room("203", "Clover Twin", sleeps: 2, cents: 105_00),
        room("204", "Orchard Family Room", sleeps: 5, cents: 189_00),
        room("301", "Skylight Single", sleeps: 1, cents: 85_00),
        room("302", "Balcony Room", sleeps: 2, cents: 140_00),
        room("303", "Tower Room", sleeps: 3, cents: 155_00),
        room("304", "Honeycomb Suite", sleeps: 6, cents: 260_00),
    ].compactMap(\.self)

    private static func room(_ id: String, _ name: String, sleeps capacity: Int, cents: Int64) -> Room? {
        RoomID(id).flatMap { id in
            Room(id: id, name: name, capacity: capacity, pricePerNight: Money(minorUnits: cents, currency: .euro))
        }
    }
}
