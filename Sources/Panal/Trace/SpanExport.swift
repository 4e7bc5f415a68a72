import HTTPClient
import Linux
import Logging
import Prefork
import Telemetry

/// What a companion of the workers does beside its own work: sends their spans to the collector.
struct SpanExport: Sendable {
    private let settings: TraceSettings
    private let clientSettings: HTTPClientSettings
    private let info: ServiceInfo
    private let tracer: Tracer?
    private let metrics: MetricsTable?
    private let logger: Logger

    /// For how long a companion that was told to leave goes on sending what is there.
    private static let stopTime = Duration.milliseconds(300)

    /// - Parameters:
    ///   - tracer: `nil` when nothing is recorded: then nothing is sent either.
    ///   - metrics: where it counts; `nil` when nobody reads that.
    init(
        _ settings: TraceSettings,
        _ clientSettings: HTTPClientSettings,
        _ info: ServiceInfo,
        _ tracer: Tracer?,
        _ metrics: MetricsTable?,
        _ logger: Logger
    ) {
        self.settings = settings
        self.clientSettings = clientSettings
        self.info = info
        self.tracer = tracer
        self.metrics = metrics
        self.logger = logger
    }

    /// One that does nothing else, for a service without an ops process; `nil` when nothing is recorded.
    var companion: Companion? {
        guard tracer != nil else { return nil }
        return Companion(name: "trace exporter", listener: nil) { worker in
            LogOutput.standardOutput.tellRepetitionsInTime()
            defer { LogOutput.standardOutput.reportDropped() }
            return run {
                worker.becomeReady()
                while !Poll.isReady(worker.shutdown, .read) {
                    var poll = Poll()
                    poll.add(worker.shutdown, .read)
                    poll.wait(atMost: nil)
                }
                return 0
            }
        }
    }

    /// Sends spans for as long as the body runs, and what is left for a moment longer.
    func run(_ body: () -> Int32) -> Int32 {
        guard let tracer, let endpoint = settings.endpoint else { return body() }
        metrics?.use(column: MetricsColumn.ops)
        let exporter: SpanExporter
        do throws(SystemError) {
            exporter = try SpanExporter(
                tracer.table,
                to: SpanCollector(
                    client: try HTTPClient(HTTPClient.Configuration(exportingBy: clientSettings, of: info)),
                    url: endpoint.text + "/v1/traces",
                    headerFields: settings.headers,
                    resource: settings.resource(of: info)
                ),
                queueSize: settings.queueSize,
                delay: .milliseconds(settings.delay),
                metrics,
                logger
            )
            try exporter.start()
        } catch {
            logger.error("traces cannot be exported", error: error)
            return body()
        }
        let code = body()
        exporter.stop(within: Self.stopTime)
        return code
    }
}

extension TraceSettings {
    /// What all spans say of the service.
    fileprivate func resource(of info: ServiceInfo) -> [ResourceAttribute] {
        var resource = [
            ResourceAttribute(key: "service.name", value: serviceName ?? info.name),
            ResourceAttribute(key: "service.version", value: info.revision),
            ResourceAttribute(key: "telemetry.sdk.name", value: "panal"),
            ResourceAttribute(key: "telemetry.sdk.language", value: "swift"),
        ]
        for attribute in attributes {
            guard let index = resource.firstIndex(where: { $0.key == attribute.key }) else {
                resource.append(attribute)
                continue
            }
            // OTEL_SERVICE_NAME comes before what the list says.
            if index > 0 || serviceName == nil { resource[index] = attribute }
        }
        return resource
    }
}

extension HTTPClient.Configuration {
    /// As the service calls others, but that the exporter itself sees to what is sent again, and when.
    fileprivate init(exportingBy settings: HTTPClientSettings, of info: ServiceInfo) {
        self.init(settings, service: info)
        timeout = .seconds(10)
        firstByteTimeout = .seconds(10)
        maxResponseSize = 64 * 1024
        retries.maxAttempts = 1
    }
}
