import Telemetry

/// The metrics that every service has, by OpenTelemetry's names where it has some.
enum ServiceMetric {
    static let requestDuration = "http.server.request.duration"
    static let allRequestsDuration = "panal.request.duration"
    static let childExits = "panal.child.exits"
    static let rolls = "panal.rolls"

    static let operationDuration = "db.client.operation.duration"
    static let busyRetries = "panal.db.busy_retries"
    static let commitGroupSize = "panal.db.commit_group.size"
    static let spansExported = "panal.trace.spans.exported"
    static let spansDropped = "panal.trace.spans.dropped"
    static let exportsFailed = "panal.trace.exports.failed"

    /// What they count.
    static let descriptions: [String: MetricDescription] = [
        requestDuration: MetricDescription("How long requests took, by route, method and status.", unit: "seconds"),
        allRequestsDuration: MetricDescription(
            "How long requests took, all together, in buckets of an eighth of a doubling.",
            unit: "seconds"
        ),
        childExits: MetricDescription("Workers and other children that ended, and how."),
        rolls: MetricDescription("Rolls that came to an end."),
        operationDuration: MetricDescription(
            "How long statements of the store took, and beginnings and ends of transactions, by operation and table.",
            unit: "seconds"
        ),
        busyRetries: MetricDescription(
            "How often a lock of the store was waited for, or a transaction run again that met with another."
        ),
        commitGroupSize: MetricDescription("How many writes the store kept with one commit."),
        spansExported: MetricDescription("Spans that the collector has taken."),
        spansDropped: MetricDescription("Spans that were lost: a buffer was full, or the collector did not take them."),
        exportsFailed: MetricDescription("Requests to the collector that failed."),
        "http.server.active_requests": MetricDescription("Requests that are being worked on."),
        "panal.requests.waiting": MetricDescription("Requests that were read and wait for a thread."),
        "panal.threads.free": MetricDescription("Requests that could wait at the same time beside those of now."),
        "panal.connections.open": MetricDescription("Open connections of clients."),
        "panal.workers": MetricDescription("Workers by phase."),
        "panal.log.lines.dropped": MetricDescription("Log lines that nobody took in time, of the workers of now."),
        "panal.handler.cpu.time": MetricDescription("Time that handlers were on a processor.", unit: "seconds"),
        "panal.handler.wall.time": MetricDescription(
            "Time from the beginnings of handlers to their ends.",
            unit: "seconds"
        ),
        "panal.handler.run_queue.time": MetricDescription(
            "Time that handlers were ready to run while no processor was free.",
            unit: "seconds"
        ),
        "http.client.request.duration": MetricDescription("How long calls to other hosts took.", unit: "seconds"),
        "panal.client.retries": MetricDescription("Calls that were made again after one failed."),
        "panal.client.failures": MetricDescription("Calls that failed, and how."),
        "panal.client.refusals": MetricDescription("Calls that were not made because the circuit was open."),
        "panal.client.circuit.open": MetricDescription("Whether a host is not called for now."),
        "process.cpu.time": MetricDescription("Processor time of the processes of now, by process.", unit: "seconds"),
        "process.memory.usage": MetricDescription("Memory that is resident, by process.", unit: "bytes"),
        "process.memory.pss": MetricDescription(
            "Memory, with a share of what several processes have in common, by process.",
            unit: "bytes"
        ),
        "process.thread.count": MetricDescription("Threads, by process."),
        "process.open_file_descriptor.count": MetricDescription("Open descriptors, by process."),
        "process.context_switches": MetricDescription("Context switches of the processes of now, by process and type."),
        "system.load.1m": MetricDescription("The host's load average over a minute."),
        "panal.metrics.overflow": MetricDescription("How often a series of a metric found no place of its own."),
        "panal.build.info": MetricDescription("Which release this is."),
    ]
}
