/// Readings as Prometheus reads them.
public enum MetricsText: Sendable {
    /// Prometheus' text format, version 0.0.4.
    case prometheus
    /// OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).
    case openMetrics

    /// What `Content-Type` says.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The text. Readings of the same name stand together.
    /// - Parameters:
    ///   - readings: What was counted.
    ///   - descriptions: By metric: what it counts and in which unit.
    public func text(_ readings: [MetricReading], _ descriptions: [String: MetricDescription] = [:]) -> String {
        var text = ""
        // Two metrics of one name here: who reads them could not tell them apart, so the first has it.
        var owners: [String: (name: String, kind: MetricKind)] = [:]
        for reading in Self.sorted(readings) {
            let (name, kind) = (reading.series.name, reading.series.kind)
            let description = descriptions[name]
            let family = Self.family(reading.series, description)
            if owners[family] == nil {
                owners[family] = (name, kind)
                writeHead(of: family, kind, description, to: &text)
            }
            if let owner = owners[family], owner == (name, kind) { write(reading, family, to: &text) }
        }
        if self == .openMetrics { text += "# EOF\n" }
        return text
    }

    /// What Prometheus calls a metric: `http.server.request.duration` of seconds is `http_server_request_duration_seconds`, and a
    /// counter ends with `_total`.
    public static func name(_ metric: String, _ kind: MetricKind, _ description: MetricDescription?) -> String {
        family(MetricSeries(metric, kind), description) + (kind == .counter ? "_total" : "")
    }

    /// By what is made once for each, because a text of a series takes longer than a comparison.
    private static func sorted(_ readings: [MetricReading]) -> [MetricReading] {
        let keyed = readings.map { (key: ($0.series.name, $0.series.kind.rawValue, $0.series.text), reading: $0) }
        return keyed.sorted { $0.key < $1.key }.map(\.reading)
    }

    /// `http.server.request.duration` of seconds is `http_server_request_duration_seconds`.
    private static func family(_ series: MetricSeries, _ description: MetricDescription?) -> String {
        let isDuration = [.durations, .fineDurations, .operationDurations].contains(series.kind)
        let unit = description?.unit ?? (isDuration ? "seconds" : nil)
        var name = sanitized(series.name)
        if series.kind == .counter, name.hasSuffix("_total") { name.removeLast(6) }
        if let unit, !name.hasSuffix("_" + unit) { name += "_" + unit }
        return name
    }

    /// Letters, digits and underscores, and no digit first.
    private static func sanitized(_ name: String) -> String {
        let characters = name.unicodeScalars.map { scalar -> Character in
            let isWord = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isWord ? Character(scalar) : "_"
        }
        let word = String(characters)
        return word.first?.isNumber ?? true ? "_" + word : word
    }

    private func writeHead(
        of family: String,
        _ kind: MetricKind,
        _ description: MetricDescription?,
        to text: inout String
    ) {
        let type =
            switch kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .durations, .sizes, .fineDurations, .operationDurations, .counts: "histogram"
            }
        // The older format names a counter as its samples are named.
        let name = self == .prometheus && kind == .counter ? family + "_total" : family
        if let help = description?.help { text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n" }
        text += "# TYPE \(name) \(type)\n"
        if self == .openMetrics, let unit = description?.unit { text += "# UNIT \(name) \(unit)\n" }
    }

    private func write(_ reading: MetricReading, _ family: String, to text: inout String) {
        var names: Set<String> = reading.series.kind.boundCount > 0 ? ["le"] : []
        let labels = reading.series.dimensions.map { dimension in
            var name = Self.sanitized(dimension.name)
            // No sample may have two labels of one name.
            while !names.insert(name).inserted { name += "_" }
            return (name, Self.escaped(dimension.value, quotes: true))
        }
        func sample(_ suffix: String, _ value: String, bound: String? = nil) {
            var labels = labels
            if let bound { labels.append(("le", bound)) }
            let list = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
            text += family + suffix + (list.isEmpty ? "" : "{\(list)}") + " " + value + "\n"
        }
        switch reading.value {
        case .number(let number): sample(reading.series.kind == .counter ? "_total" : "", Self.number(number))
        case .histogram(let histogram):
            var count = 0
            for (index, found) in histogram.counts.enumerated() {
                count += found
                let isLast = index == histogram.bounds.count
                sample("_bucket", "\(count)", bound: isLast ? "+Inf" : Self.number(histogram.bounds[index]))
            }
            sample("_sum", Self.number(histogram.sum))
            sample("_count", "\(count)")
        }
    }

    /// Whole numbers without a point, as long as they are exact.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return "\(whole)" }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        // Byte by byte: as a character, a quote with an accent on it is none.
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): escaped += "\\\\".utf8
            case UInt8(ascii: "\n"): escaped += "\\n".utf8
            case UInt8(ascii: "\"") where quotes: escaped += "\\\"".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
