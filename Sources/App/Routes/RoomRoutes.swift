import HTTPServer
import HTTPTypes
import Panal
import Stays
import Values

extension Router {
    mutating func addRooms(_ hotel: Hotel) {
        get("/rooms", Operation("All rooms", answer: .list("rooms", of: Room.self))) { request in
            let rooms = try hotel.store(request).rooms()
            return .json { json in json.object { json in json.rooms(rooms) } }
        }

        get("/rooms/{id}", Operation("One room", path: RoomID.self, answer: .json(Room.self))) { request in
            guard let id = request.parameters["id"].flatMap({ RoomID($0) }),
                let room = try hotel.store(request).room(id)
            else { throw Problem(.notFound, detail: "There is no such room; GET /v1/rooms lists them.") }
            return .json { json in json.room(room) }
        }

        let availability = Operation(
            "Rooms that are free in all these nights, cheapest first",
            query: AvailabilityQuery.self,
            PartnerChoice.self,
            answer: .json(AvailabilityAnswer.self)
        )
        get("/availability", availability) { request in
            let today = hotel.now().date
            let query = try request.query(as: AvailabilityQuery.self) { query, validator in
                query.check(today: today, &validator)
            }
            // Asked for seldom: a query that says nothing of partners is not read twice.
            let choice = request.query["partners"] == nil ? nil : try request.query(as: PartnerChoice.self).partners
            // Own rooms first: with a store that fails nobody else is asked, and nothing of it is held while partners are.
            let rooms = try hotel.store(request).availability(query)
            let partners = choice == nil ? hotel.partners?(request).availability(query) : nil
            return .json { json in
                json.object { json in
                    json.member("from", query.from.description)
                    json.member("to", query.to.description)
                    json.member("guests", query.guests.value)
                    guard let partners else { return json.rooms(rooms, for: query.stay) }
                    json.key("rooms")
                    let offers = partners.offers(with: rooms)
                    json.array { json in for one in offers { json.room(one.room, for: query.stay, of: one.hotel) } }
                    json.key("incomplete")
                    json.array { json in for hotel in partners.incomplete { json.value(hotel) } }
                }
            }
        }
    }
}

/// Another hotel says `partners=none`: two that name each other would ask for ever.
private struct PartnerChoice: Codable {
    let partners: Choice?

    enum Choice: String, CaseIterable, Codable { case none }
}

// Rooms are asked for more often than anything else, so they are written by hand: it takes a third of the instructions.
extension JSONWriter {
    /// A room; with a stay also what the whole stay costs, and of a partner's room whose it is.
    mutating func room(_ room: Room, for stay: Stay? = nil, of hotel: String? = nil) {
        object { json in
            json.member("id", room.id.text)
            json.member("name", room.name)
            json.member("capacity", room.capacity)
            json.money("pricePerNight", room.pricePerNight)
            if let stay { json.money("total", room.price(of: stay)) }
            if let hotel { json.member("hotel", hotel) }
        }
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
