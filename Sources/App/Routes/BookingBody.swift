import FoundationEssentials
import HTTPServer
import HTTPTypes
import Stays
import Values

/// The JSON body of `POST /v1/bookings`: what came in, and which members were of the wrong kind.
struct BookingBody: Decodable {
    private(set) var draft = BookingDraft()

    private enum Member: String, CodingKey {
        case roomId, from, to, guests, guest
    }

    private enum GuestMember: String, CodingKey {
        case name, email
    }

    /// Reads a request's body.
    /// - Throws: 415 when it is not declared as JSON, 400 when it is not a JSON object.
    init(of request: Request) throws {
        let body = try request.jsonBody()
        do {
            self = try JSONDecoder().decode(BookingBody.self, from: Data(body))
        } catch {
            throw Problem(.badRequest, detail: "The body is not a JSON object.")
        }
    }

    /// Collects members of the wrong kind as faults, so that the client hears of all of them at once.
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        draft.roomID = value(in: members, .roomId, "roomId", "must be a string")
        draft.from = value(in: members, .from, "from", "must be a string")
        draft.to = value(in: members, .to, "to", "must be a string")
        draft.guests = value(in: members, .guests, "guests", "must be a whole number")
        guard members.contains(.guest) else { return }
        guard let guest = try? members.nestedContainer(keyedBy: GuestMember.self, forKey: .guest) else {
            draft.faults.append(FieldError(field: "guest", detail: "must be an object with name and email"))
            return
        }
        draft.guestName = value(in: guest, .name, "guest.name", "must be a string")
        draft.guestEmail = value(in: guest, .email, "guest.email", "must be a string")
    }

    private mutating func value<Key: CodingKey, Value: Decodable>(
        in members: KeyedDecodingContainer<Key>,
        _ key: Key,
        _ field: String,
        _ expectation: String
    ) -> Value? {
        do {
            return try members.decodeIfPresent(Value.self, forKey: key)
        } catch {
            // The syntax is right: all that can be wrong is the kind.
            draft.faults.append(FieldError(field: field, detail: expectation))
            return nil
        }
    }
}
