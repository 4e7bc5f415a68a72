/// What became of a write that is to be done once per idempotency key.
public enum Once<Value> {
    /// It was done now.
    case done(Value)

    /// The same key came with the same request before: what was answered then. Nothing was changed.
    case replayed(Value)

    /// The same key came with another request before. Nothing was changed.
    case keyReused
}

extension Once {
    /// The same with another value.
    public func map<Other>(_ transform: (Value) throws -> Other) rethrows -> Once<Other> {
        switch self {
        case .done(let value): .done(try transform(value))
        case .replayed(let value): .replayed(try transform(value))
        case .keyReused: .keyReused
        }
    }
}

extension Once: Equatable where Value: Equatable {}
extension Once: Hashable where Value: Hashable {}
extension Once: Sendable where Value: Sendable {}
