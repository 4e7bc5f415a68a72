public import HTTPServer
import HTTPTypes
public import Stays
public import Values

extension InvalidInput: ProblemConvertible {
    /// 422, each field named.
    public var problem: Problem {
        ProblemType.invalidInput.problem(errors: errors.map { Problem.FieldError(field: $0.field, detail: $0.detail) })
    }
}

extension StoreError: ProblemConvertible {
    /// What a client may know. The cause, with paths and remedies, goes to the log.
    public var problem: Problem {
        switch self {
        case .busy(let retryAfter):
            return retrying(.storeBusy, after: retryAfter)
        case .unprepared, .unavailable:
            return retrying(.storeUnavailable, after: .seconds(5))
        case .full, .readOnly:
            return retrying(.storeUnavailable, after: .seconds(60))
        case .corrupted, .failed:
            return Problem(.internalServerError)
        }
    }

    private func retrying(_ type: ProblemType, after delay: Duration) -> Problem {
        var problem = type.problem()
        problem.headerFields[.retryAfter] = String(max(1, delay.components.seconds))
        return problem
    }
}
