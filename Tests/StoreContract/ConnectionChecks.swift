import Stays
import Values

extension StoreContract {
    static let connectionChecks = [
        StoreCheck("what one connection has answered, every other sees at once") { database in
            let (writer, reader) = (try database.open(), try database.open())
            try writer.add([sampleRoom("101")])
            try expectEqual(reader.rooms().count, 1)
            let booking = try writer.mustBook(wish())
            try expectEqual(reader.booking(booking.id), booking)
            try expectEqual(reader.free("2027-01-10", "2027-01-12"), [])
            _ = try reader.cancel(booking.id, expecting: .any)
            try expectEqual(writer.booking(booking.id), booking.cancelled())
        },
        StoreCheck("all of it is there when the database is opened again") { database in
            let request = try wish()
            let booking = try {
                let store = try database.open()
                try store.add(SampleHotel.rooms)
                _ = try store.ask(request, key("k-1", for: request))
                return try unwrap(store.everything().first)
            }()
            let reopened = try database.open()
            try expectEqual(reopened.rooms(), SampleHotel.rooms)
            try expectEqual(reopened.everything(), [booking])
            try expectEqual(reopened.ask(request, key("k-1", for: request)), .replayed(booking))
            try expectEqual(reopened.ask(request), .nightsTaken(booking.stay.eachNight))
        },
    ]
}
