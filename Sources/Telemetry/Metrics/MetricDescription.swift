/// What a metric counts, for those who read it.
public struct MetricDescription: Sendable {
    /// In a sentence.
    public let help: String
    /// The unit's name, which its name in Prometheus ends with: `seconds`, `bytes`; `nil` for numbers of things.
    public let unit: String?

    /// What a metric counts, and in which unit.
    public init(_ help: String, unit: String? = nil) {
        self.help = help
        self.unit = unit
    }
}
