import Stays
import Values

extension StoreContract {
    static let cancellationChecks = [
        StoreCheck("a cancelled booking stays on record and its nights can be booked again") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let booking = try store.mustBook(wish())
            let cancelled = booking.cancelled()
            try expectEqual(cancelled.version, 2)
            try expectEqual(store.cancel(booking.id, expecting: .oneOf([1])), .cancelled(cancelled))
            try expectEqual(store.booking(booking.id), cancelled)
            try expectEqual(store.free("2027-01-10", "2027-01-12"), ["101"])
            try store.mustBook(wish())
        },
        StoreCheck("a booking at another version than expected stays as it is") { database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let booking = try store.mustBook(wish())
            try expectEqual(store.cancel(booking.id, expecting: .oneOf([2])), .stale(booking))
            try expectEqual(store.cancel(booking.id, expecting: .oneOf([])), .stale(booking))
            try expectEqual(store.booking(booking.id), booking)
            try expectEqual(store.free("2027-01-10", "2027-01-12"), [])
            try expectEqual(store.cancel(booking.id, expecting: .oneOf([7, 1])), .cancelled(booking.cancelled()))
        },
        StoreCheck("cancelling twice changes nothing, not even the nights that another booking holds by now") {
            database in
            let store = try database.open()
            try store.add([sampleRoom("101")])
            let first = try store.mustBook(wish())
            let cancelled = first.cancelled()
            try expectEqual(store.cancel(first.id, expecting: .any), .cancelled(cancelled))
            let second = try store.mustBook(wish())
            try expectEqual(store.cancel(first.id, expecting: .any), .cancelled(cancelled))
            try expectEqual(store.cancel(first.id, expecting: .oneOf([2])), .cancelled(cancelled))
            try expectEqual(store.cancel(first.id, expecting: .oneOf([1])), .stale(cancelled))
            try expectEqual(store.ask(wish()), .nightsTaken(second.stay.eachNight))
        },
        StoreCheck("a booking nobody made cannot be cancelled") { database in
            let store = try database.open()
            try expectEqual(store.cancel(BookingID(madeAt: noon), expecting: .any), .unknown)
        },
    ]
}
