import Stays
import StaysStore
import Values

/// From the store to values.
let reading = [
    MeasuredFunction("store-room") {
        let store = try SampleData.store()
        let id = SampleHotel.rooms[0].id
        let room = try store.room(id)
        precondition(room == SampleHotel.rooms[0])
        return { try store.room(id)?.capacity ?? 0 }
    },
    MeasuredFunction("store-booking") {
        let store = try SampleData.store()
        let newest = try SampleData.newestBooking()
        let id = newest.id
        let booking = try store.booking(id)
        precondition(booking == newest)
        return { try store.booking(id)?.version ?? 0 }
    },
    MeasuredFunction("store-page-20") {
        let store = try SampleData.store()
        guard let page = PageRequest(limit: 20) else { preconditionFailure("20 is a limit") }
        let count = try store.bookings(page).bookings.count
        precondition(count == 20)
        return { try store.bookings(page).bookings.count }
    },
    MeasuredFunction("store-availability") {
        let store = try SampleData.store()
        let query = try AvailabilityDraft(from: "2030-01-31", to: "2030-02-03", guests: "1").query(
            today: SampleData.today
        )
        _ = try store.availability(query)
        return { try store.availability(query).count }
    },
]
