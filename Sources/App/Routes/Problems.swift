public import HTTPServer
import HTTPTypes
public import SQL
public import Stays
public import Values

extension InvalidInput: ProblemConvertible {
    /// 422, each field named.
    public var problem: Problem {
        ProblemType.invalidInput.problem(errors: errors)
    }
}

extension BookingRefusal: ProblemConvertible {
    /// 409 for nights that others hold, 422 for what the request itself has wrong.
    public var problem: Problem {
        switch self {
        case .nightsTaken(let nights, of: let room):
            let list = nights.map(\.description).joined(separator: ", ")
            return ProblemType.nightsTaken.problem("Room \(room) is already taken on \(list).")
        case .pastArrival(let today):
            return InvalidInput([.pastArrival(today: today)]).problem
        case .overCapacity(let capacity):
            return InvalidInput([FieldError(field: "guests", detail: "must be at most \(capacity) in this room")])
                .problem
        case .unknownRoom:
            let detail = "must be the id of a room; GET /v1/rooms lists them"
            return InvalidInput([FieldError(field: "roomId", detail: detail)]).problem
        }
    }
}

extension DatabaseError: ProblemConvertible {
    /// What a client may know. The cause, with paths and remedies, goes to the log.
    public var problem: Problem {
        switch self {
        case .busy(let retryAfter):
            return retrying(.storeBusy, after: retryAfter)
        case .unprepared, .unavailable:
            return retrying(.storeUnavailable, after: .seconds(5))
        case .full, .readOnly:
            return retrying(.storeUnavailable, after: .seconds(60))
        case .violated(.unique, _), .violated(.foreignKey, _):
            return Problem(.conflict)
        case .violated, .corrupted, .failed:
            return Problem(.internalServerError)
        }
    }

    private func retrying(_ type: ProblemType, after delay: Duration) -> Problem {
        var problem = type.problem()
        problem.headerFields[.retryAfter] = String(max(1, delay.components.seconds))
        return problem
    }
}
