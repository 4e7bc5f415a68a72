import Stays

extension StoreContract {
    static let idempotencyChecks = [
        StoreCheck("the same key with the same request is answered again and books once") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let request = try wish()
            guard case .booked(let booking) = try store.ask(request, key("k-1", for: request)) else {
                throw ContractViolation(description: "the first request under a key books")
            }
            try expectEqual(store.ask(request, key("k-1", for: request)), .replayed(booking))
            try expectEqual(database.open().ask(request, key("k-1", for: request)), .replayed(booking))
            try expectEqual(store.everything(), [booking])
        },
        StoreCheck("a replay shows the booking as it was answered, not as it became") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let request = try wish()
            guard case .booked(let booking) = try store.ask(request, key("k-1", for: request)) else {
                throw ContractViolation(description: "the first request under a key books")
            }
            try expectEqual(store.cancel(booking.id, expecting: .any), .cancelled(booking.cancelled()))
            try expectEqual(store.ask(request, key("k-1", for: request)), .replayed(booking))
            try expectEqual(store.free("2027-01-10", "2027-01-12"), ["101"])
        },
        StoreCheck("the same key with another request is refused, free room or not") { database in
            let store = try database.open()
            try store.add([sampleRoom("101"), sampleRoom("102", sleeps: 1)])
            let first = try wish("101")
            let booking = try store.ask(first, key("k-1", for: first))
            let others = try [
                wish("102"), wish("101", "2027-02-01", "2027-02-02"), wish(guests: 1), wish("103"),
                wish(guest: sampleGuest("Ada Lovelac", "ada@example.org")),
                wish(guest: sampleGuest("Ada Lovelace", "b@example.org")),
            ]
            for other in others { try expectEqual(store.ask(other, key("k-1", for: other)), .keyReused) }
            try expectEqual(store.everything().map { .booked($0) }, [booking])
        },
        StoreCheck("keys differ by every character, case and length") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let keys = ["a", "A", "aa", String(repeating: "k", count: 255), String(repeating: "k", count: 254), "'%_;"]
            for (index, text) in keys.enumerated() {
                let day = try unwrap(CivilDate("2027-03-01")?.adding(days: index))
                let request = try wish("101", "\(day)", "\(unwrap(day.adding(days: 1)))")
                guard case .booked = try store.ask(request, key(text, for: request)) else {
                    throw ContractViolation(description: "\(text) was not used before")
                }
            }
        },
        StoreCheck("a refused request leaves no record of its key") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let taken = try store.mustBook(wish())
            let request = try wish()
            try expectEqual(store.ask(request, key("k-1", for: request)), .nightsTaken(taken.stay.eachNight))
            try expectEqual(store.cancel(taken.id, expecting: .any), .cancelled(taken.cancelled()))
            guard case .booked = try store.ask(request, key("k-1", for: request)) else {
                throw ContractViolation(description: "the key was free, and so were the nights")
            }
        },
        StoreCheck("a key is forgotten after its lifetime, not before") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let request = try wish()
            guard case .booked(let booking) = try store.ask(request, key("k-1", for: request)) else {
                throw ContractViolation(description: "the first request under a key books")
            }
            let last = noon.adding(IdempotencyKey.lifetime - .microseconds(1))
            try expectEqual(store.ask(request, key("k-1", for: request), at: last), .replayed(booking))
            let later = noon.adding(IdempotencyKey.lifetime)
            try expectEqual(
                store.ask(request, key("k-1", for: request), at: later),
                .nightsTaken(booking.stay.eachNight)
            )
            let other = try wish("101", "2027-05-01", "2027-05-02")
            guard case .booked = try store.ask(other, key("k-1", for: other), at: later) else {
                throw ContractViolation(description: "a forgotten key can be used again")
            }
            try expectEqual(store.ask(request, key("k-1", for: request), at: later), .keyReused)
        },
        StoreCheck("without a key the same request twice collides with itself") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let booking = try store.mustBook(wish())
            try expectEqual(store.ask(wish()), .nightsTaken(booking.stay.eachNight))
        },
    ]
}
