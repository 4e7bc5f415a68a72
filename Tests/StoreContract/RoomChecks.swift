import Stays
import Values

extension StoreContract {
    static let roomChecks = [
        StoreCheck("a fresh store is empty") { database in
            let store = try database.open()
            try expectEqual(store.rooms(), [])
            try expectEqual(store.room(unwrap(RoomID("101"))), nil)
            try expectEqual(store.everything(), [])
        },
        StoreCheck("rooms come back as they were added, by id") { database in
            let store = try database.open()
            let rooms = try [sampleRoom("b-2"), sampleRoom("101"), sampleRoom("a"), sampleRoom("b")]
            try expectEqual(store.add(rooms), 4)
            try expectEqual(store.rooms(), rooms.sorted { $0.id < $1.id })
            for room in rooms { try expectEqual(store.room(room.id), room) }
        },
        StoreCheck("adding a room that is known changes nothing") { database in
            let store = try database.open()
            let room = try sampleRoom("101", cents: 100_00)
            try expectEqual(store.add([room]), 1)
            try expectEqual(store.add([sampleRoom("101", cents: 1), sampleRoom("102")]), 1)
            try expectEqual(store.room(room.id), room)
            try expectEqual(store.add([room]), 0)
            try expectEqual(store.add([]), 0)
        },
        StoreCheck("the extreme values of a room survive") { database in
            let store = try database.open()
            let yen = try unwrap(Currency("JPY"))
            let rooms = try [
                Room(
                    id: unwrap(RoomID(String(repeating: "z", count: 32))),
                    name: String(repeating: "é", count: 80),
                    capacity: Room.largestCapacity,
                    pricePerNight: Money(minorUnits: Room.highestPrice, currency: yen)
                ),
                Room(
                    id: unwrap(RoomID("0")),
                    name: "🏨 \"O'Hara\"; -- \\",
                    capacity: 1,
                    pricePerNight: Money(minorUnits: 0, currency: yen)
                ),
            ].map { try unwrap($0) }
            try store.add(rooms)
            for room in rooms { try expectEqual(store.room(room.id), room) }
        },
    ]
}
