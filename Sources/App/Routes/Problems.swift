public import HTTPServer
import HTTPTypes
import Panal
public import Stays
import Values

extension ProblemKind {
    /// 409: somebody else holds the room.
    static let nightsTaken = ProblemKind(
        "nights-taken",
        .conflict,
        "The room is taken",
        "Somebody holds the room for at least one of these nights. Ask GET /v1/availability."
    )
}

extension BookingRefusal: ProblemConvertible {
    /// 409 for nights that others hold, 422 for what the request itself has wrong.
    public var problem: Problem {
        switch self {
        case .nightsTaken(let nights, of: let room):
            let list = nights.map(\.description).joined(separator: ", ")
            return ProblemKind.nightsTaken.problem("Room \(room) is already taken on \(list).")
        case .pastArrival(let today):
            return InvalidInput([FieldError(field: "from", detail: Self.pastArrivalDetail(today: today))]).problem
        case .overCapacity(let capacity):
            return InvalidInput([FieldError(field: "guests", detail: "must be at most \(capacity) in this room")])
                .problem
        case .unknownRoom:
            let detail = "must be the id of a room; GET /v1/rooms lists them"
            return InvalidInput([FieldError(field: "roomId", detail: detail)]).problem
        }
    }
}
