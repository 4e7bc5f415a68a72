import Values

/// One series of a metric: its name, what it is about, and the kind of its numbers.
public struct MetricSeries: Hashable, Sendable {
    /// A dimension and its value, such as `http.route` and `/v1/rooms/{id}`.
    public struct Dimension: Hashable, Sendable, Comparable {
        /// Such as `http.route`.
        public var name: String
        /// Whatever it is: an empty one is one too.
        public var value: String

        /// A dimension and its value.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        /// By name.
        public static func < (left: Dimension, right: Dimension) -> Bool { left.name < right.name }
    }

    /// Such as `http.server.request.duration`.
    public let name: String
    /// What its numbers mean.
    public let kind: MetricKind
    /// By name.
    public let dimensions: [Dimension]

    /// A series; the order of the dimensions does not matter.
    public init(_ name: String, _ kind: MetricKind, _ dimensions: [Dimension] = []) {
        self.name = name
        self.kind = kind
        self.dimensions = dimensions.sorted()
    }

    /// Where the values of series are summed that had no place of their own (OpenTelemetry's SDK, "Cardinality limits").
    var overflow: MetricSeries { MetricSeries(name, kind, [Dimension("otel.metric.overflow", "true")]) }

    // MARK: - As text in shared memory

    /// Stands between the parts: nobody has it in a name, and in a value it is replaced.
    private static let separator: Character = "\u{1F}"

    /// Name and dimensions, for comparison byte by byte.
    var text: String {
        var parts = [name]
        for dimension in dimensions { parts += [dimension.name, dimension.value] }
        return parts.map { $0.replacing("\u{1F}", with: " ") }.joined(separator: String(Self.separator))
    }

    /// `nil` for what is no such text.
    init?(text: String, kind: MetricKind) {
        let parts = text.split(separator: Self.separator, omittingEmptySubsequences: false).map(String.init)
        guard parts.count % 2 == 1, !parts[0].isEmpty else { return nil }
        let dimensions = stride(from: 1, to: parts.count, by: 2).map { Dimension(parts[$0], parts[$0 + 1]) }
        self.init(parts[0], kind, dimensions)
    }

    /// By which it is found; never zero.
    var hash: UInt64 {
        var hash = FNV1a<UInt64>()
        hash.combine(text.utf8)
        hash.combine(UInt8(truncatingIfNeeded: kind.rawValue))
        return hash.value | 1
    }

    /// By which series of the same metric are counted.
    var nameHash: UInt64 {
        var hash = FNV1a<UInt64>()
        hash.combine(name.utf8)
        return hash.value
    }
}
