import Telemetry

/// The metrics that every service has, by OpenTelemetry's names where it has some.
enum ServiceMetric {
    static let requestDuration = "http.server.request.duration"
    static let requestBodySize = "http.server.request.body.size"
    static let responseBodySize = "http.server.response.body.size"
    static let allRequestsDuration = "panal.request.duration"
    static let queueDelay = "panal.request.queue.duration"
    static let refusedRequests = "panal.requests.refused"
    static let parseErrors = "panal.request.parse_errors"
    static let networkIO = "panal.network.io"
    static let acceptedConnections = "panal.connections.accepted"
    static let refusedConnections = "panal.connections.refused"
    static let passedOnConnections = "panal.connections.passed_on"
    static let receivedConnections = "panal.connections.received"
    static let droppedLogLines = "panal.log.lines.dropped"
    static let childExits = "panal.child.exits"
    static let rolls = "panal.rolls"
    static let rollDuration = "panal.roll.duration"
    static let lastRollDuration = "panal.roll.last.duration"
    static let rollWorkers = "panal.roll.workers"
    static let rollDrainedRequests = "panal.roll.drained.requests"
    static let jobDuration = "panal.job.duration"

    static let operationDuration = "db.client.operation.duration"
    static let busyRetries = "panal.db.busy_retries"
    static let commitGroupSize = "panal.db.commit_group.size"
    static let spansExported = "panal.trace.spans.exported"
    static let spansDropped = "panal.trace.spans.dropped"
    static let exportsFailed = "panal.trace.exports.failed"

    /// What they count.
    static let descriptions: [String: MetricDescription] = [
        requestDuration: MetricDescription("How long requests took, by route, method and status.", unit: "seconds"),
        requestBodySize: MetricDescription("How large the bodies of requests were.", unit: "bytes"),
        responseBodySize: MetricDescription("How large the bodies of answers were.", unit: "bytes"),
        allRequestsDuration: MetricDescription(
            "How long requests took, all together, in buckets of an eighth of a doubling.",
            unit: "seconds"
        ),
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
        queueDelay: MetricDescription(
            "How long requests that had been read waited until their handlers ran.",
            unit: "seconds"
        ),
        refusedRequests: MetricDescription("Requests that the server itself refused, and why."),
        parseErrors: MetricDescription("Requests that were refused for their own form, by status."),
        networkIO: MetricDescription("Bytes of requests and answers, heads included.", unit: "bytes"),
        acceptedConnections: MetricDescription("Connections that were taken from the kernel's queue."),
        refusedConnections: MetricDescription("Connections for which there was no descriptor."),
        passedOnConnections: MetricDescription("Connections that workers sent to others, each with its descriptor."),
        receivedConnections: MetricDescription("Connections that workers were sent by others."),
        droppedLogLines: MetricDescription("Log lines that nobody took in time."),
        childExits: MetricDescription("Workers and other children that ended, and why."),
        rolls: MetricDescription("Rolls that came to an end, and how."),
        rollDuration: MetricDescription("How long rolls took.", unit: "seconds"),
        lastRollDuration: MetricDescription("How long the last roll took.", unit: "seconds"),
        rollWorkers: MetricDescription("Workers that rolls replaced, and whether they left or were killed."),
        rollDrainedRequests: MetricDescription("Requests that workers finished after a roll had told them to leave."),
        jobDuration: MetricDescription("How long attempts at jobs took, by kind and outcome.", unit: "seconds"),
        "panal.jobs": MetricDescription("Jobs in the store, by kind and state."),
        "panal.jobs.oldest.age": MetricDescription(
            "For how long the first job of a kind has been due, or dead.",
            unit: "seconds"
        ),
        "panal.ready": MetricDescription("Whether the service can take requests or jobs, as readyz says."),
        "panal.store.ready": MetricDescription("Whether the store can serve."),
        "panal.generation": MetricDescription("The newest generation of workers: each roll makes one."),
        "panal.pool.workers": MetricDescription(
            "Workers: as they are meant to be now, and as measured times call for."
        ),
        "panal.pool.threads": MetricDescription(
            "Threads of each worker: as they are meant to be now, and as measured times call for."
        ),
        "panal.cpu.time": MetricDescription(
            "Processor time of all processes of the service, of those that have ended too.",
            unit: "seconds"
        ),
        "panal.process.sockets": MetricDescription("Open sockets, by process."),
        "system.network.tcp.sockets": MetricDescription("TCP sockets of the host or container, by state."),
        "http.server.active_requests": MetricDescription("Requests that are being worked on."),
        "panal.requests.waiting": MetricDescription("Requests that were read and wait for a thread."),
        "panal.threads.free": MetricDescription("Requests that could wait at the same time beside those of now."),
        "panal.connections.open": MetricDescription("Open connections of clients."),
        "panal.workers": MetricDescription("Workers by phase."),
        "panal.workers.wanted": MetricDescription("Workers that there should be."),
        "panal.handler.requests": MetricDescription("Handlers that have run, by route."),
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
        "process.threads": MetricDescription("Threads, by process."),
        "process.open_file_descriptors": MetricDescription("Open descriptors, by process."),
        "process.context_switches": MetricDescription("Context switches of the processes of now, by process and type."),
        "system.load.1m": MetricDescription("The host's load average over a minute."),
        "system.load.5m": MetricDescription("The host's load average over five minutes."),
        "system.load.15m": MetricDescription("The host's load average over fifteen minutes."),
        "panal.metrics.overflow": MetricDescription("How often a series of a metric found no place of its own."),
        "panal.build.info": MetricDescription("Which release this is."),
    ]
}
