import HTTPServer
import Stays
import Values

extension JSONWriter {
    /// A room; with a stay also what the whole stay costs.
    mutating func room(_ room: Room, for stay: Stay? = nil) {
        object { json in
            json.member("id", room.id.text)
            json.member("name", room.name)
            json.member("capacity", room.capacity)
            json.money("pricePerNight", room.pricePerNight)
            if let stay { json.money("total", room.price(of: stay)) }
        }
    }

    mutating func booking(_ booking: Booking) {
        object { json in
            json.member("id", booking.id.description)
            json.member("roomId", booking.roomID.text)
            json.member("from", booking.stay.from.description)
            json.member("to", booking.stay.to.description)
            json.member("guests", booking.guests)
            json.key("guest")
            json.object { json in
                json.member("name", booking.guest.name)
                json.member("email", booking.guest.email.text)
            }
            json.money("total", booking.total)
            json.member("status", booking.status.rawValue)
            json.member("version", booking.version)
            json.member("createdAt", booking.createdAt.description)
        }
    }

    private mutating func money(_ name: StaticString, _ money: Money) {
        key(name)
        object { json in
            json.member("amount", money.amount)
            json.member("currency", money.currency.code)
        }
    }
}
