import HTTPServer
import Panal
import Stays
import Values

/// Between values and JSON.
let json = [
    MeasuredFunction("json-room") {
        let room = SampleHotel.rooms[0]
        return {
            var json = JSONWriter()
            json.room(room)
            return json.bytes.count
        }
    },
    MeasuredFunction("json-room-codable") {
        let room = SampleHotel.rooms[0]
        return { try Response.json(room).body.count }
    },
    MeasuredFunction("json-booking-codable") {
        let booking = try SampleData.newestBooking()
        return { try Response.json(booking).body.count }
    },
    MeasuredFunction("read-availability-query") {
        let message = ReceivedMessage(Messages.query)
        _ = try message.read()
        let request = message.request
        return { try request.query(as: AvailabilityQuery.self).guests.value }
    },
    MeasuredFunction("read-booking-body") {
        let message = ReceivedMessage(Messages.bookingPost)
        _ = try message.read()
        let request = message.request
        let wish = try request.json(as: NewBooking.self).request
        precondition(wish.guest.name == "Ada Lovelace")
        return { try request.json(as: NewBooking.self).request.guests }
    },
]
