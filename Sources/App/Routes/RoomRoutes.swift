import HTTPServer
import HTTPTypes
import Panal
import Stays
import Values

extension Router {
    mutating func addRooms(_ hotel: Hotel) {
        get("/rooms") { request in
            let rooms = try hotel.store(request).rooms()
            return .json { json in json.object { json in json.rooms(rooms) } }
        }

        get("/rooms/{id}") { request in
            guard let id = request.parameters["id"].flatMap({ RoomID($0) }),
                let room = try hotel.store(request).room(id)
            else { throw Problem(.notFound, detail: "There is no such room; GET /v1/rooms lists them.") }
            return .json { json in json.room(room) }
        }

        get("/availability") { request in
            let today = hotel.now().date
            let query = try request.query(as: AvailabilityQuery.self) { query, validator in
                query.check(today: today, &validator)
            }
            // Own rooms first: with a store that fails nobody else is asked, and nothing of it is held while partners are.
            let rooms = try hotel.store(request).availability(query)
            if let partners = hotel.partners, request.query["partners"] != "none" {
                return .availability(query, partners(request).availability(query), with: rooms)
            }
            return .json { json in
                json.object { json in
                    json.member("from", query.from.description)
                    json.member("to", query.to.description)
                    json.member("guests", query.guests.value)
                    json.rooms(rooms, for: query.stay)
                }
            }
        }
    }
}

extension Response {
    /// What is free here and at partners; whose rooms may be missing is said in `incomplete`.
    fileprivate static func availability(
        _ query: AvailabilityQuery,
        _ partners: PartnerAvailability,
        with own: [Room]
    ) -> Response {
        .json { json in
            json.object { json in
                json.member("from", query.from.description)
                json.member("to", query.to.description)
                json.member("guests", query.guests.value)
                json.key("rooms")
                json.array { json in for offer in partners.offers(with: own) { json.offer(offer, for: query.stay) } }
                json.key("incomplete")
                json.array { json in for hotel in partners.incomplete { json.value(hotel) } }
            }
        }
    }
}

// Rooms are asked for more often than anything else, so they are written by hand: it takes a third of the instructions.
extension JSONWriter {
    /// A room; with a stay also what the whole stay costs.
    mutating func room(_ room: Room, for stay: Stay? = nil) {
        object { json in json.members(of: room, for: stay) }
    }

    /// A room and, unless it is ours, whose it is.
    fileprivate mutating func offer(_ offer: RoomOffer, for stay: Stay) {
        object { json in
            json.members(of: offer.room, for: stay)
            if let hotel = offer.hotel { json.member("hotel", hotel) }
        }
    }

    @inline(__always)
    private mutating func members(of room: Room, for stay: Stay?) {
        member("id", room.id.text)
        member("name", room.name)
        member("capacity", room.capacity)
        money("pricePerNight", room.pricePerNight)
        if let stay { money("total", room.price(of: stay)) }
    }

    fileprivate mutating func rooms(_ rooms: [Room], for stay: Stay? = nil) {
        key("rooms")
        array { json in for room in rooms { json.room(room, for: stay) } }
    }

    private mutating func money(_ name: StaticString, _ money: Money) {
        key(name)
        object { json in
            json.member("amount", money.amount)
            json.member("currency", money.currency.code)
        }
    }
}
