import Stays
import Values

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
        StoreCheck("a key is remembered for its lifetime") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let request = try wish()
            guard case .booked(let booking) = try store.ask(request, key("k-1", for: request)) else {
                throw ContractViolation(description: "the first request under a key books")
            }
            let last = noon.adding(IdempotencyKey.lifetime - .microseconds(1))
            // Bookings in between, under keys of their own, make it forget nothing.
            for index in 0..<12 {
                let day = try unwrap(CivilDate("2027-03-01")?.adding(days: index))
                let other = try wish("101", "\(day)", "\(unwrap(day.adding(days: 1)))")
                _ = try store.ask(other, key("other-\(index)", for: other), at: last)
            }
            try expectEqual(store.ask(request, key("k-1", for: request), at: last), .replayed(booking))
        },
        StoreCheck("a clock that jumps ahead by years makes it forget nothing at a stroke") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            func request(_ index: Int) throws -> BookingRequest {
                let day = try unwrap(CivilDate("2041-03-01")?.adding(days: index))
                return try wish("101", "\(day)", "\(unwrap(day.adding(days: 1)))")
            }
            var booked: [Booking] = []
            for index in 0..<40 {
                let moment = noon.adding(.seconds(index))
                let outcome = try store.ask(request(index), key("k-\(index)", for: request(index)), at: moment)
                guard case .booked(let booking) = outcome else {
                    throw ContractViolation(description: "a free night can be booked, the store says \(outcome)")
                }
                booked.append(booking)
            }
            let jumped = noon.adding(.seconds(10 * 365 * 86_400))
            for index in 0..<40 {
                try expectEqual(
                    store.ask(request(index), key("k-\(index)", for: request(index)), at: jumped),
                    .replayed(booked[index])
                )
            }
            // As many new keys as a quarter of a lifetime has brought leave those of its newer half alone.
            for index in 40..<50 {
                _ = try store.ask(request(index), key("k-\(index)", for: request(index)), at: jumped)
            }
            for index in 20..<40 {
                try expectEqual(
                    store.ask(request(index), key("k-\(index)", for: request(index)), at: jumped),
                    .replayed(booked[index])
                )
            }
        },
        StoreCheck("the same key of two clients is two keys") { database in
            let store = try database.open()
            try store.add([sampleRoom("101"), sampleRoom("102")])
            let (first, second) = (try wish("101"), try wish("102"))
            let scopes = try [IdempotencyScope("a"), IdempotencyScope("b"), .anonymous].map { try unwrap($0) }
            func own(_ scope: IdempotencyScope, _ request: BookingRequest) throws -> Idempotency {
                Idempotency(key: try unwrap(IdempotencyKey("same")), scope: scope, fingerprint: request.fingerprint)
            }
            guard case .booked(let a) = try store.ask(first, own(scopes[0], first)) else {
                throw ContractViolation(description: "the first request under a key books")
            }
            guard case .booked(let b) = try store.ask(second, own(scopes[1], second)) else {
                throw ContractViolation(description: "another client's key was not used before")
            }
            try expectEqual(store.ask(first, own(scopes[0], first)), .replayed(a))
            try expectEqual(store.ask(second, own(scopes[1], second)), .replayed(b))
            try expectEqual(store.ask(second, own(scopes[0], second)), .keyReused)
            try expectEqual(store.ask(first, own(scopes[2], first)), .nightsTaken(a.stay.eachNight))
        },
        StoreCheck("a repeat is answered before today is judged: what was booked for yesterday is no fault of today") {
            database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let today = noon.date
            let request = try wish("101", "\(today)", "\(unwrap(today.adding(days: 1)))")
            guard case .booked(let booking) = try store.ask(request, key("k-1", for: request)) else {
                throw ContractViolation(description: "who arrives today can book today")
            }
            let tomorrow = noon.adding(.seconds(86_400 - 1))
            try expectEqual(store.ask(request, key("k-1", for: request), at: tomorrow), .replayed(booking))
            // Anew it is too late, with a free night as well as with a taken one.
            try expectEqual(store.ask(request, at: tomorrow), .pastArrival(today: tomorrow.date))
            try expectEqual(store.cancel(booking.id, expecting: .any), .cancelled(booking.cancelled()))
            try expectEqual(
                store.ask(request, key("k-2", for: request), at: tomorrow),
                .pastArrival(today: tomorrow.date)
            )
            try expectEqual(store.ask(request, key("k-1", for: request), at: tomorrow), .replayed(booking))
            try expectEqual(store.everything(), [booking.cancelled()])
        },
        StoreCheck("without a key the same request twice collides with itself") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let booking = try store.mustBook(wish())
            try expectEqual(store.ask(wish()), .nightsTaken(booking.stay.eachNight))
        },
    ]
}
