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
        let page = BookingQuery(limit: PageLimit(20))
        let count = try store.bookings(page).elements.count
        precondition(count == 20)
        return { try store.bookings(page).elements.count }
    },
    MeasuredFunction("store-availability") {
        let store = try SampleData.store()
        guard let arrival = CivilDate("2030-01-31"), let departure = CivilDate("2030-02-03"),
            let stay = Stay(from: arrival, to: departure), let guests = WholeNumber<1, 20>(1)
        else { preconditionFailure("three nights for one are a question") }
        let query = AvailabilityQuery(stay: stay, guests: guests)
        _ = try store.availability(query)
        return { try store.availability(query).count }
    },
]
