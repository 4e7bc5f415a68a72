/// A store did not do what the port promises.
public struct ContractViolation: Error, CustomStringConvertible {
    /// What was expected, what came, and where it was checked.
    public let description: String
}

func expect(_ condition: Bool, _ rule: String, line: UInt = #line, file: StaticString = #fileID) throws {
    if !condition { throw ContractViolation(description: "\(rule) (\(file):\(line))") }
}

func expectEqual<Value: Equatable>(
    _ actual: Value,
    _ expected: Value,
    line: UInt = #line,
    file: StaticString = #fileID
) throws {
    guard actual != expected else { return }
    throw ContractViolation(description: "expected \(expected), the store says \(actual) (\(file):\(line))")
}

func unwrap<Value>(_ value: Value?, line: UInt = #line, file: StaticString = #fileID) throws -> Value {
    guard let value else { throw ContractViolation(description: "expected a value, got nil (\(file):\(line))") }
    return value
}
