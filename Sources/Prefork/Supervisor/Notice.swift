/// Something the supervisor has to say: a constant message with its details as fields.
///
/// This module knows no logging library. Whoever runs the supervisor turns notices into log lines.
public struct Notice: Sendable, Equatable {
    /// How much a notice matters.
    public enum Level: Sendable, Equatable {
        /// An ordinary step in the service's life.
        case info
        /// The service goes on, but somebody should know.
        case warning
        /// Something was lost or cannot go on.
        case error
    }

    /// The value of a field.
    public enum Value: Sendable, Equatable {
        /// A whole number.
        case integer(Int)
        /// A number that need not be whole, shown with two decimals.
        case decimal(Double)
        /// A word or sentence.
        case text(String)
        /// Yes or no.
        case flag(Bool)
        /// A length of time. By convention the field's name carries no unit.
        case duration(Duration)
        /// One whole number per worker, in the order of another list of the same notice.
        case integers([Int])
    }

    /// A named detail.
    public struct Field: Sendable, Equatable {
        /// The name, in lowerCamelCase.
        public var name: String
        /// The value.
        public var value: Value

        /// A named detail.
        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// How much it matters.
    public var level: Level
    /// What happened, in constant words: "worker exited".
    public var message: String
    /// The details, in the order in which they are best read.
    public var fields: [Field]

    /// A notice.
    public init(_ level: Level, _ message: String, _ fields: [Field] = []) {
        self.level = level
        self.message = message
        self.fields = fields
    }

    /// The value of a field, when the notice has it.
    public subscript(name: String) -> Value? {
        fields.first { $0.name == name }?.value
    }
}

extension Notice.Field {
    static func integer(_ name: String, _ value: some BinaryInteger) -> Notice.Field {
        .init(name, .integer(Int(value)))
    }
    static func text(_ name: String, _ value: String) -> Notice.Field { .init(name, .text(value)) }
    static func flag(_ name: String, _ value: Bool) -> Notice.Field { .init(name, .flag(value)) }
    static func duration(_ name: String, _ value: Duration) -> Notice.Field { .init(name, .duration(value)) }
}
