import Stays
import Values

extension StoreContract {
    static let pageChecks = [
        StoreCheck("pages hold every booking once, newest first, and the last one has no next") { database in
            let store = try database.open()
            let made = try fill(store, count: 12)
            for limit in [1, 2, 5, 11, 12, 13, 100] {
                try expectEqual(store.everything(limit: limit), made.reversed())
            }
            let page = try store.bookings(BookingQuery(limit: PageLimit(12)))
            try expectEqual(page.next, nil)
        },
        StoreCheck("bookings made between two pages neither repeat nor hide one") { database in
            let store = try database.open()
            let made = try fill(store, count: 6)
            let first = try store.bookings(BookingQuery(limit: PageLimit(3)))
            try fill(store, count: 4, room: "102", from: noon.adding(.seconds(100)))
            let second = try store.bookings(BookingQuery(limit: PageLimit(3), cursor: first.next))
            try expectEqual(first.elements + second.elements, made.reversed())
            try expectEqual(second.next, nil)
        },
        StoreCheck("pages of one room hold its bookings alone") { database in
            let store = try database.open()
            let first = try fill(store, count: 5, room: "101")
            let second = try fill(store, count: 4, room: "102", from: noon.adding(.microseconds(500_000)))
            try expectEqual(store.everything(limit: 2, room: RoomID("101")), first.reversed())
            try expectEqual(store.everything(limit: 4, room: RoomID("102")), second.reversed())
            try expectEqual(store.everything(room: RoomID("103")), [])
        },
        StoreCheck("a cancelled booking keeps its place") { database in
            let store = try database.open()
            let made = try fill(store, count: 3)
            _ = try store.cancel(made[1].id, expecting: .any)
            try expectEqual(store.everything(), [made[2], made[1].cancelled(), made[0]])
        },
        StoreCheck("a cursor needs no booking to stand on") { database in
            let store = try database.open()
            let made = try fill(store, count: 3)
            let between = PageCursor(after: BookingID(madeAt: made[1].createdAt.adding(.microseconds(1))))
            try expectEqual(store.bookings(BookingQuery(cursor: between)).elements, [made[1], made[0]])
            let oldest = PageCursor(after: BookingID(bits: 0))
            try expectEqual(store.bookings(BookingQuery(cursor: oldest)), Page(elements: [], next: nil))
        },
    ]

    /// Books night after night of one room, a second apart.
    @discardableResult
    private static func fill(
        _ store: any StayStore,
        count: Int,
        room: String = "101",
        from start: Timestamp = noon
    ) throws -> [Booking] {
        try store.add([sampleRoom(room)])
        return try (0..<count).map { index in
            let day = try unwrap(CivilDate("2027-06-01")?.adding(days: index))
            let request = try wish(room, "\(day)", "\(unwrap(day.adding(days: 1)))")
            return try store.mustBook(request, at: start.adding(.seconds(index)))
        }
    }
}
