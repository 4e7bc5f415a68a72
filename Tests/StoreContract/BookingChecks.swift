import Stays
import Values

extension StoreContract {
    static let bookingChecks = [
        StoreCheck("a booking is as asked for, at the room's price, confirmed, version 1, and can be read") {
            database in
            let store = try database.open()
            try store.add([sampleRoom("101", cents: 120_50)])
            let request = try wish()
            let id = BookingID(madeAt: noon)
            guard case .booked(let booking) = try store.ask(request, id: id) else {
                throw ContractViolation(description: "a free room can be booked")
            }
            try expectEqual(booking.id, id)
            try expectEqual(booking.request, request)
            try expectEqual(booking.total, Money(minorUnits: 241_00, currency: .euro))
            try expectEqual(booking.status, .confirmed)
            try expectEqual(booking.version, 1)
            try expectEqual(booking.createdAt, noon)
            try expectEqual(store.booking(id), booking)
            try expectEqual(store.everything(), [booking])
        },
        StoreCheck("a booking nobody made is not there") { database in
            let store = try database.open()
            try expectEqual(store.booking(BookingID(madeAt: noon)), nil)
        },
        StoreCheck("an unknown room cannot be booked, and nothing stays of the attempt") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let id = BookingID(madeAt: noon)
            try expectEqual(store.ask(wish("102"), id: id), .unknownRoom)
            try expectEqual(store.booking(id), nil)
            try expectEqual(store.everything(), [])
        },
        StoreCheck("an arrival before today cannot be booked, in UTC and to the day") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let today = noon.date
            let (yesterday, tomorrow) = (try unwrap(today.adding(days: -1)), try unwrap(today.adding(days: 1)))
            let midnight = Timestamp(unixSeconds: Int64(today.daysSinceEpoch) * 86_400)
            let late = try wish("101", "\(yesterday)", "\(tomorrow)")
            try expectEqual(store.ask(late, at: midnight), .pastArrival(today: today))
            try expectEqual(store.everything(), [])
            try store.mustBook(late, at: midnight.adding(.microseconds(-1)))
            try store.mustBook(wish("101", "\(tomorrow)", "\(unwrap(tomorrow.adding(days: 1)))"), at: noon)
        },
        StoreCheck("a room that sleeps fewer cannot be booked") { database in
            let store = try database.open()
            try store.add([sampleRoom("101", sleeps: 2)])
            try expectEqual(store.ask(wish(guests: 3)), .overCapacity(2))
            try expectEqual(store.everything(), [])
            try expectEqual(store.free("2027-01-10", "2027-01-12"), ["101"])
        },
        StoreCheck("a refusal names exactly the nights that are taken, in order") { database in
            let store = try database.open()
            try store.add([sampleRoom("101"), sampleRoom("102")])
            try store.mustBook(wish("101", "2027-01-10", "2027-01-11"))
            try store.mustBook(wish("101", "2027-01-12", "2027-01-14"))
            try store.mustBook(wish("102", "2027-01-01", "2027-01-31"))
            try expectEqual(
                store.ask(wish("101", "2027-01-08", "2027-01-14")),
                .nightsTaken(days("2027-01-10", "2027-01-12", "2027-01-13"))
            )
            try expectEqual(store.ask(wish("101", "2027-01-13", "2027-01-20")), .nightsTaken(days("2027-01-13")))
        },
        StoreCheck("a refused booking holds none of its nights") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let first = try store.mustBook(wish("101", "2027-01-12", "2027-01-13"))
            try expectEqual(store.ask(wish("101", "2027-01-10", "2027-01-15")), .nightsTaken(days("2027-01-12")))
            try expectEqual(store.free("2027-01-10", "2027-01-12"), ["101"])
            try expectEqual(store.free("2027-01-13", "2027-01-15"), ["101"])
            try expectEqual(store.everything(), [first])
        },
        StoreCheck("stays that touch do not collide") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            try store.mustBook(wish("101", "2027-01-10", "2027-01-12"))
            try store.mustBook(wish("101", "2027-01-12", "2027-01-13"))
            try store.mustBook(wish("101", "2027-01-09", "2027-01-10"))
        },
        StoreCheck("the longest stay holds every one of its nights, across the end of February") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let booking = try store.mustBook(wish("101", "2028-02-10", "2028-03-11"))
            try expectEqual(booking.stay.nights, Stay.longest)
            for night in booking.stay.eachNight {
                let next = try unwrap(night.adding(days: 1))
                try expect(store.free("\(night)", "\(next)").isEmpty, "\(night) is held")
            }
        },
        StoreCheck("what a guest typed survives as it is") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let names = [
                "Robert'); DROP TABLE booking;--", "Zoë 👩‍👩‍👧 Ng", "İ", "a\"b\\c", String(repeating: "語", count: 100),
            ]
            for (index, name) in names.enumerated() {
                let guest = try sampleGuest(name, "o'brien+\(index)@例え.example")
                let day = try unwrap(CivilDate("2027-03-01")?.adding(days: index))
                let request = try wish("101", "\(day)", "\(unwrap(day.adding(days: 1)))", guest: guest)
                let booking = try store.mustBook(request)
                try expectEqual(store.booking(booking.id)?.guest, guest)
                try expectEqual(store.booking(booking.id)?.guest.name, name)
            }
        },
    ]
}
