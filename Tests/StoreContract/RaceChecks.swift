import Stays
import TestDatabases
import Values

extension StoreContract {
    static let raceChecks = [
        StoreCheck("of fifty who want one night exactly one gets it") { database in
            try database.open().add([sampleRoom("101")])
            let outcomes = try race(50) { _ in
                try database.open().ask(wish("101", "2027-01-10", "2027-01-11"))
            }
            try expectEqual(outcomes.filter(\.isBooked).count, 1)
            let refusal = try BookingOutcome.nightsTaken(days("2027-01-10"))
            try expectEqual(outcomes.filter { $0 == refusal }.count, 49)
            try expectEqual(database.open().everything().count, 1)
        },
        StoreCheck("overlapping stays in a race hold no night twice, and no refusal is groundless") { database in
            try database.open().add([sampleRoom("101")])
            let outcomes = try race(16) { number in
                let store = try database.open()
                var generator = Scramble(seed: UInt64(number))
                return try (0..<6).map { _ in
                    let from = try unwrap(
                        CivilDate("2027-01-01")?.adding(days: Int.random(in: 0..<30, using: &generator))
                    )
                    let to = try unwrap(from.adding(days: Int.random(in: 1...5, using: &generator)))
                    let request = try wish("101", "\(from)", "\(to)")
                    return (request: request, outcome: try store.ask(request))
                }
            }.flatMap(\.self)
            let booked = try database.open().everything()
            let held = booked.flatMap(\.stay.eachNight)
            try expectEqual(Set(held).count, held.count)
            try expectEqual(outcomes.count { $0.outcome.isBooked }, booked.count)
            for (request, outcome) in outcomes where !outcome.isBooked {
                guard case .nightsTaken(let nights) = outcome else {
                    throw ContractViolation(description: "\(outcome) is no answer to \(request)")
                }
                try expect(!nights.isEmpty && Set(nights).isSubset(of: held), "the nights named are held by others")
                try expect(Set(nights).isSubset(of: request.stay.eachNight), "the nights named are those asked for")
            }
        },
        StoreCheck("a request sent many times at once under one key books once and all get that booking") { database in
            try database.open().add([sampleRoom("101")])
            let request = try wish()
            let outcomes = try race(20) { _ in
                try database.open().ask(request, key("same", for: request))
            }
            let booking = try unwrap(database.open().everything().first)
            try expectEqual(outcomes.filter { $0 == .booked(booking) }.count, 1)
            try expectEqual(outcomes.filter { $0 == .replayed(booking) }.count, 19)
        },
        StoreCheck("of many who cancel the same version one does") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let booking = try store.mustBook(wish())
            let outcomes = try race(16) { _ in
                try database.open().cancel(booking.id, expecting: .oneOf([1]))
            }
            try expectEqual(outcomes.filter { $0 == .cancelled(booking.cancelled()) }.count, 1)
            try expectEqual(outcomes.filter { $0 == .stale(booking.cancelled()) }.count, 15)
        },
        StoreCheck("booking and cancelling at once leave nights held exactly by the confirmed bookings") { database in
            try database.open().add([sampleRoom("101")])
            _ = try race(8) { number in
                let store = try database.open()
                for round in 0..<8 {
                    let outcome = try store.ask(wish("101", "2027-01-10", "2027-01-13"))
                    guard case .booked(let booking) = outcome, (round + number) % 4 != 0 else { continue }
                    _ = try store.cancel(booking.id, expecting: .any)
                }
            }
            let store = try database.open()
            let confirmed = try store.everything().filter { $0.status == .confirmed }
            try expect(confirmed.count <= 1, "one night, one confirmed booking")
            try expectEqual(store.free("2027-01-10", "2027-01-11"), confirmed.isEmpty ? ["101"] : [])
        },
        StoreCheck("readers beside a writer see every booking whole") { database in
            try database.open().add([sampleRoom("101")])
            _ = try race(4) { number in
                let store = try database.open()
                for index in 0..<20 {
                    let day = try unwrap(CivilDate("2027-01-01")?.adding(days: index * 3))
                    let end = try unwrap(day.adding(days: 3))
                    if number == 0 {
                        try store.mustBook(wish("101", "\(day)", "\(end)"))
                    } else {
                        for booking in try store.everything(limit: 7) {
                            let taken = try store.ask(booking.request)
                            try expectEqual(taken, .nightsTaken(booking.stay.eachNight))
                        }
                    }
                }
            }
        },
    ]
}

extension BookingOutcome {
    fileprivate var isBooked: Bool {
        if case .booked = self { true } else { false }
    }
}

/// SplitMix64: the same numbers for the same seed.
private struct Scramble: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
