public import HTTPClient
public import HTTPTypes

/// Where traces go, by the names that OpenTelemetry has given its variables.
public struct TraceSettings: SettingsGroup {
    /// Reads them.
    public init() {}

    /// The collector; `nil` for none: then nothing is recorded.
    @Setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        default: "",
        "The collector that traces are sent to, by OTLP over HTTP at `/v1/traces` below it; unset records none.",
        SettingFormat<BaseURL?>("a base URL such as http://localhost:4318, without user, query and fragment") { text in
            // Unset, it is the empty text.
            text.isEmpty ? .some(nil) : BaseURL(text).map { .some($0) }
        },
        redact: NamedService.redacted,
        show: { $0?.text ?? "none" }
    )
    public var endpoint: BaseURL?

    /// What is sent with each export, such as a key.
    @Setting(
        "OTEL_EXPORTER_OTLP_HEADERS",
        default: "",
        "Fields of the requests to the collector, such as `api-key=…`, separated by commas.",
        SettingFormat("name=value pairs separated by commas, values percent-encoded where they must be") { text in
            ListText.parse(text) { HTTPField(pair: $0) }
        },
        isSecret: true,
        show: { $0.isEmpty ? "none" : "<redacted>" }
    )
    public var headers: [HTTPField]

    /// How much is recorded.
    @Setting(
        "OTEL_TRACES_SAMPLER_ARG",
        default: "1",
        "The share of the traces begun here that is recorded, 0 to 1; a caller's decision holds (`parentbased_traceidratio`).",
        SettingFormat("a number from 0 to 1") { text in
            Double(text).flatMap { (0...1).contains($0) ? $0 : nil }
        }
    )
    public var ratio: Double

    /// Under which name.
    @Setting(
        "OTEL_SERVICE_NAME",
        default: "",
        "The service's name in traces; unset it is its own.",
        SettingFormat<String?>("a text with a letter or a digit in it") { text in
            if text.isEmpty { return .some(nil) }
            return text.contains { $0.isLetter || $0.isNumber } ? .some(text) : Optional<String?>.none
        },
        show: { $0 ?? "the service's own" }
    )
    public var serviceName: String?

    /// What else is said of the service.
    @Setting(
        "OTEL_RESOURCE_ATTRIBUTES",
        default: "",
        "What else traces say of the service, such as `deployment.environment.name=staging`, separated by commas.",
        SettingFormat("name=value pairs separated by commas, values percent-encoded where they must be") { text in
            ListText.parse(text) { ResourceAttribute($0) }
        }
    )
    public var attributes: [ResourceAttribute]

    /// How many spans wait for the collector.
    @Setting(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        default: "8192",
        "How many spans are kept while the collector does not take them; what comes beyond that is dropped, and counted.",
        .wholeNumber(1...1_000_000)
    )
    public var queueSize: Int

    /// How long they wait for others.
    @Setting(
        "OTEL_BSP_SCHEDULE_DELAY",
        default: "1000",
        "How many milliseconds spans are gathered before they are sent; 512 are sent at once.",
        .wholeNumber(1...60_000)
    )
    public var delay: Int
}

/// Something that is said of a service, as all its spans carry it.
public struct ResourceAttribute: Sendable, Hashable {
    /// By which name.
    public let key: String
    /// What.
    public let value: String

    init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// Reads `name=value`, the value percent-decoded (W3C Baggage, which OpenTelemetry takes for its variables).
    init?(_ pair: String) {
        guard let pair = NameAndValue(pair) else { return nil }
        (key, value) = (pair.name, pair.value)
    }
}

/// `name=value`.
private struct NameAndValue {
    let name: String
    let value: String

    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        name = String(text[..<equals].trimmed)
        guard !name.isEmpty, let value = Self.decoded(text[text.index(after: equals)...].trimmed) else { return nil }
        self.value = value
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let digits = String(rest.prefix(2)), let decoded = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension HTTPField {
    fileprivate init?(pair text: String) {
        guard let pair = NameAndValue(text), let name = HTTPField.Name(pair.name),
            HTTPField.isValidValue(pair.value), !Self.ofTheClient.contains(name.canonicalName)
        else { return nil }
        self.init(name: name, value: pair.value)
    }

    /// Those that say how a request is sent, and what.
    private static let ofTheClient: Set<String> = [
        "connection", "content-length", "content-type", "host", "transfer-encoding",
    ]
}
