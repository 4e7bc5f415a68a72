import Stays
import Values

extension StoreContract {
    static let availabilityChecks = [
        StoreCheck("the cheapest room comes first, equal prices by id, too small ones not at all") { database in
            let store = try database.open()
            try store.add([
                sampleRoom("dear", sleeps: 2, cents: 200_00), sampleRoom("cheap-b", sleeps: 2, cents: 50_00),
                sampleRoom("cheap-a", sleeps: 4, cents: 50_00), sampleRoom("single", sleeps: 1, cents: 10_00),
            ])
            try expectEqual(store.free("2027-01-10", "2027-01-12", guests: 2), ["cheap-a", "cheap-b", "dear"])
            try expectEqual(store.free("2027-01-10", "2027-01-12", guests: 1).first, "single")
            try expectEqual(store.free("2027-01-10", "2027-01-12", guests: 5), [])
        },
        StoreCheck("a room is free only when it is free in every night") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            try store.mustBook(wish("101", "2027-01-10", "2027-01-12"))
            let overlapping = [
                ("2027-01-10", "2027-01-12"), ("2027-01-09", "2027-01-11"), ("2027-01-11", "2027-01-15"),
                ("2027-01-01", "2027-01-31"), ("2027-01-10", "2027-01-11"), ("2027-01-11", "2027-01-12"),
            ]
            for (from, to) in overlapping {
                try expect(store.free(from, to).isEmpty, "101 is taken in a night from \(from) to \(to)")
            }
            for (from, to) in [("2027-01-08", "2027-01-10"), ("2027-01-12", "2027-01-13")] {
                try expectEqual(store.free(from, to), ["101"])
            }
        },
    ]
}
