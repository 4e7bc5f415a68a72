import HTTPServer
import HTTPTypes
import Values

/// The kinds of problem that are this service's own, each with an address that explains it (RFC 9457 section 3.1.1).
enum ProblemType: String, CaseIterable, Sendable {
    case invalidInput = "invalid-input"
    case nightsTaken = "nights-taken"
    case idempotencyKeyReused = "idempotency-key-reused"
    case ifMatchRequired = "if-match-required"
    case stale = "stale"
    case storeBusy = "store-busy"
    case storeUnavailable = "store-unavailable"

    var status: HTTPResponse.Status {
        switch self {
        case .invalidInput, .idempotencyKeyReused: .unprocessableContent
        case .nightsTaken: .conflict
        case .ifMatchRequired: .preconditionRequired
        case .stale: .preconditionFailed
        case .storeBusy, .storeUnavailable: .serviceUnavailable
        }
    }

    var title: String {
        switch self {
        case .invalidInput: "The input is not valid"
        case .nightsTaken: "The room is taken"
        case .idempotencyKeyReused: "The idempotency key was used for another request"
        case .ifMatchRequired: "The change needs If-Match"
        case .stale: "The booking has changed"
        case .storeBusy: "The store is busy"
        case .storeUnavailable: "The store is not available"
        }
    }

    /// What it means and what a client can do.
    var explanation: String {
        switch self {
        case .invalidInput: "Each entry of `errors` names a field and what it must be. Mend them all and send again."
        case .nightsTaken: "Somebody holds the room for at least one of these nights. Ask GET /v1/availability."
        case .idempotencyKeyReused: "Use a new Idempotency-Key for each booking, and the same one only to repeat it."
        case .ifMatchRequired: "Send If-Match with the booking's ETag, or * to cancel whatever its version is."
        case .stale: "The booking is no longer at the version you named. Read it again and decide anew."
        case .storeBusy: "Others held the store for as long as this request could wait. Nothing was changed; try again."
        case .storeUnavailable: "The service cannot reach its data now. Nothing was changed; try again later."
        }
    }

    /// This kind of problem, once.
    func problem(_ detail: String? = nil, errors: [FieldError] = []) -> Problem {
        Problem(status, type: "/problems/\(rawValue)", title: title, detail: detail ?? explanation, errors: errors)
    }
}

extension Router {
    /// `GET /problems/{name}`: what the `type` of a problem document points to.
    mutating func addProblems() {
        get("/problems/{name}") { request in
            guard let type = request.parameters["name"].flatMap({ ProblemType(rawValue: $0) }) else {
                throw Problem(.notFound, detail: "There is no such kind of problem.")
            }
            return .text("\(type.title) (\(type.status.code))\n\n\(type.explanation)\n")
        }
    }
}
