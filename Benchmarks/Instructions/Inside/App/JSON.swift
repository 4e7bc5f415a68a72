import HTTPServer
import Stays

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
    MeasuredFunction("json-booking") {
        let booking = try SampleData.newestBooking()
        return {
            var json = JSONWriter()
            json.booking(booking)
            return json.bytes.count
        }
    },
    MeasuredFunction("read-booking-body") {
        let message = ReceivedMessage(Messages.bookingPost)
        _ = try message.read()
        let request = message.request
        let draft = try BookingBody(of: request).draft
        precondition(draft.guestName == "Ada Lovelace")
        return { try BookingBody(of: request).draft.guests ?? 0 }
    },
]
