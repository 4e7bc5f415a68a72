public import HTTPServer
import HTTPTypes
public import SQL

extension DatabaseError: ProblemConvertible {
    /// What a client may know. The cause, with paths and remedies, goes to the log.
    public var problem: Problem {
        switch self {
        case .busy(let retryAfter):
            return retrying(.storeBusy, after: retryAfter)
        case .unprepared, .unavailable, .unknownOutcome:
            return retrying(.storeUnavailable, after: .seconds(5))
        case .full, .readOnly:
            return retrying(.storeUnavailable, after: .seconds(60))
        case .violated(.unique, _), .violated(.foreignKey, _):
            return Problem(.conflict)
        case .violated, .corrupted, .failed:
            return Problem(.internalServerError)
        }
    }

    private func retrying(_ kind: ProblemKind, after delay: Duration) -> Problem {
        var problem = kind.problem()
        problem.headerFields[.retryAfter] = String(max(1, delay.components.seconds))
        return problem
    }
}
