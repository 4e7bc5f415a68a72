import HTTPServer
import HTTPTypes
import Stays
import Values

extension Router {
    mutating func addRooms(_ hotel: Hotel) {
        get("/rooms") { request in
            let rooms = try hotel.store(request).rooms()
            return .json { json in
                json.object { json in
                    json.key("rooms")
                    json.array { json in for room in rooms { json.room(room) } }
                }
            }
        }

        get("/rooms/{id}") { request in
            guard let id = request.parameters["id"].flatMap({ RoomID($0) }),
                let room = try hotel.store(request).room(id)
            else { throw Problem(.notFound, detail: "There is no such room; GET /v1/rooms lists them.") }
            return .json { json in json.room(room) }
        }

        get("/availability") { request in
            let query = request.query
            let draft = AvailabilityDraft(from: query["from"], to: query["to"], guests: query["guests"])
            let question = try draft.query(today: hotel.now().date)
            let rooms = try hotel.store(request).availability(question)
            return .json { json in
                json.object { json in
                    json.member("from", question.stay.from.description)
                    json.member("to", question.stay.to.description)
                    json.member("guests", question.guests)
                    json.key("rooms")
                    json.array { json in for room in rooms { json.room(room, for: question.stay) } }
                }
            }
        }
    }
}
