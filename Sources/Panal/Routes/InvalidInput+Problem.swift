public import HTTPServer
import HTTPTypes
public import Values

extension InvalidInput: ProblemConvertible {
    /// 422, each field named.
    public var problem: Problem {
        ProblemKind.invalidInput.problem(errors: errors)
    }
}
