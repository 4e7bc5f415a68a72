import Configuration
import HTTPServer
import Logging
import SQL

/// The whole configuration of the service: read once from the environment at boot, immutable afterwards.
struct Settings: Sendable {
    let port: UInt16
    let host: String
    let workers: WorkerCount
    let backlog: Int
    let databaseURL: DatabaseURL
    let logLevel: Logger.Level
    let requestTimeout: Duration
    let bootTimeout: Duration
    let shutdownTimeout: Duration
    let drainDelay: Duration
    let keepAliveTimeout: Duration
    let maxBodySize: Int
    let maxBodyMemory: Int
    let maxConnections: Int
    let maxRequests: Int
    let maxWorkerMemory: Int
    let maxWorkerAge: Duration
    let trustedProxies: [AddressRange]
    let apiKeys: [APIKey]

    /// Every setting that is in force, without secrets, in the order of the declarations.
    let found: [SettingsReading.Found]

    /// Reads and checks all variables.
    /// - Throws: Every fault at once.
    init(environment: ConfigReader) throws(InvalidSettings) {
        var reading = SettingsReading(environment: environment)
        port = reading.value(of: Settings.port)
        host = reading.value(of: Settings.host)
        workers = reading.value(of: Settings.workers)
        backlog = reading.value(of: Settings.backlog)
        databaseURL = reading.value(of: Settings.databaseURL)
        logLevel = reading.value(of: Settings.logLevel)
        requestTimeout = reading.value(of: Settings.requestTimeout)
        bootTimeout = reading.value(of: Settings.bootTimeout)
        shutdownTimeout = reading.value(of: Settings.shutdownTimeout)
        drainDelay = reading.value(of: Settings.drainDelay)
        keepAliveTimeout = reading.value(of: Settings.keepAliveTimeout)
        maxBodySize = reading.value(of: Settings.maxBodySize)
        maxBodyMemory = reading.value(of: Settings.maxBodyMemory)
        maxConnections = reading.value(of: Settings.maxConnections)
        maxRequests = reading.value(of: Settings.maxRequests)
        maxWorkerMemory = reading.value(of: Settings.maxWorkerMemory)
        maxWorkerAge = reading.value(of: Settings.maxWorkerAge)
        trustedProxies = reading.value(of: Settings.trustedProxies)
        apiKeys = reading.value(of: Settings.apiKeys)
        found = reading.found
        guard reading.faults.isEmpty else { throw InvalidSettings(faults: reading.faults) }
    }

    /// Reads the process's own environment.
    static func fromEnvironment() throws(InvalidSettings) -> Settings {
        try Settings(environment: ConfigReader(provider: EnvironmentVariablesProvider()))
    }
}

// MARK: - The declarations

extension Settings {
    static let port = Setting<UInt16>(
        "PORT",
        default: "8080",
        "The TCP port to listen on; 0 takes a free one and logs it.",
        expected: "a port number, 0 to 65535"
    ) { WholeNumberText.parse($0).flatMap { UInt16(exactly: $0) } }

    static let host = Setting<String>(
        "HOST",
        default: "::",
        "The address to listen on: `::` is every address, IPv4 too; `unix:/path` a unix socket.",
        expected: HostText.expected
    ) { HostText.isValid($0) ? $0 : nil }

    static let workers = Setting<WorkerCount>(
        "WEB_CONCURRENCY",
        default: "auto",
        "Worker processes: `4`, a range that follows the load such as `2-8`, or `auto` (2 × usable cores + 1).",
        expected: "a number from 1 to \(WorkerCount.limit), a range such as 2-8, or auto"
    ) { WorkerCount($0) }

    static let backlog = Setting<Int>(
        "BACKLOG",
        default: "4096",
        "Connections that may wait to be accepted; the kernel's net.core.somaxconn is a limit above it.",
        expected: "a whole number, 1 to 65535"
    ) { WholeNumberText.parse($0, in: 1...65_535) }

    static let databaseURL = Setting<DatabaseURL>(
        "DATABASE_URL",
        default: "sqlite:data/stays.sqlite",
        "Where the data lives: `sqlite:` and a file on a local disk of this host.",
        expected: "sqlite: and a path, such as sqlite:data/stays.sqlite",
        redact: redactPassword
    ) { try? DatabaseURL($0) }

    static let logLevel = Setting<Logger.Level>(
        "LOG_LEVEL",
        default: "info",
        "The least severe events to log; access events are `info`.",
        expected: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
    ) { Logger.Level(rawValue: $0) }

    static let requestTimeout = Setting<Duration>(
        "REQUEST_TIMEOUT",
        default: "15s",
        "How long one request may be worked on.",
        expected: DurationText.expected(atLeast: shortest)
    ) { DurationText.parse($0, atLeast: shortest) }

    static let bootTimeout = Setting<Duration>(
        "BOOT_TIMEOUT",
        default: "10s",
        "How long a worker may take from its start to ready.",
        expected: DurationText.expected(atLeast: shortest)
    ) { DurationText.parse($0, atLeast: shortest) }

    static let shutdownTimeout = Setting<Duration>(
        "SHUTDOWN_TIMEOUT",
        default: "20s",
        "How long a worker may take to finish its requests before it is killed; keep it above REQUEST_TIMEOUT.",
        expected: DurationText.expected(atLeast: shortest)
    ) { DurationText.parse($0, atLeast: shortest) }

    static let drainDelay = Setting<Duration>(
        "DRAIN_DELAY",
        default: "0s",
        "How long to serve on after TERM while `/readyz` already says 503, so that balancers look away first.",
        expected: DurationText.expected(atLeast: .zero)
    ) { DurationText.parse($0) }

    static let keepAliveTimeout = Setting<Duration>(
        "KEEPALIVE_TIMEOUT",
        default: "95s",
        "How long an idle connection stays open; keep it above the balancer's own (Heroku 90 s, ALB 60 s).",
        expected: DurationText.expected(atLeast: shortest)
    ) { DurationText.parse($0, atLeast: shortest) }

    static let maxBodySize = Setting<Int>(
        "MAX_BODY_SIZE",
        default: "1MB",
        "The largest request body of any route (a booking takes 64 KiB); more is answered 413.",
        expected: ByteSizeText.expected(atMost: largestBody)
    ) { ByteSizeText.parse($0, atMost: largestBody) }

    static let maxBodyMemory = Setting<Int>(
        "MAX_BODY_MEMORY",
        default: "32MB",
        "Memory that a worker gives to bodies which have not arrived whole; more is answered 503. One always fits.",
        expected: ByteSizeText.expected(atMost: largestMemory)
    ) { ByteSizeText.parse($0, atMost: largestMemory) }

    static let maxConnections = Setting<Int>(
        "MAX_CONNECTIONS",
        default: "16384",
        "Connections that a worker holds; at the limit it leaves new ones to its siblings, or in the backlog.",
        expected: "a whole number, 1 to \(mostConnections)"
    ) { WholeNumberText.parse($0, in: 1...mostConnections) }

    static let maxRequests = Setting<Int>(
        "MAX_REQUESTS",
        default: "0",
        "Replace a worker after about so many requests (up to a tenth more, so that they do not go together); 0 never.",
        expected: "a whole number, 0 to \(mostRequests)"
    ) { WholeNumberText.parse($0, in: 0...mostRequests) }

    static let maxWorkerMemory = Setting<Int>(
        "MAX_WORKER_MEMORY",
        default: "0",
        "Replace a worker whose memory (PSS) stays above this; 0 never.",
        expected: ByteSizeText.expected(atMost: largestMemory)
    ) { ByteSizeText.parse($0, atMost: largestMemory) }

    static let maxWorkerAge = Setting<Duration>(
        "MAX_WORKER_AGE",
        default: "0",
        "Replace a worker that is older than this; 0 never.",
        expected: DurationText.expected(atLeast: .zero)
    ) { DurationText.parse($0) }

    static let trustedProxies = Setting<[AddressRange]>(
        "TRUSTED_PROXIES",
        default: "",
        "Peers whose `X-Forwarded-For` is believed: addresses or networks, separated by commas; unset trusts none.",
        expected: "addresses or networks separated by commas, at least one, such as 10.0.0.0/8,::1"
    ) { ListText.parse($0) { AddressRange($0) } }

    static let apiKeys = Setting<[APIKey]>(
        "API_KEYS",
        default: "",
        "Keys that open `/v1`, separated by commas (two while you rotate); unset leaves it open.",
        expected: "keys of 16 to 256 visible ASCII characters, separated by commas, at least one",
        redact: { _ in "<redacted>" },
        show: { keys in keys.isEmpty ? "none, /v1 is open" : keys.count == 1 ? "<1 key>" : "<\(keys.count) keys>" }
    ) { ListText.parse($0) { APIKey($0) } }

    /// Every setting there is.
    static let all: [SettingDescription] = [
        port.description, host.description, workers.description, backlog.description, databaseURL.description,
        logLevel.description, requestTimeout.description, bootTimeout.description, shutdownTimeout.description,
        drainDelay.description, keepAliveTimeout.description, maxBodySize.description, maxBodyMemory.description,
        maxConnections.description, maxRequests.description, maxWorkerMemory.description, maxWorkerAge.description,
        trustedProxies.description, apiKeys.description,
    ]

    /// Below it no answer could be in time, no worker could boot, no worker could leave before it is killed.
    private static let shortest = Duration.milliseconds(100)

    /// A body is held in memory whole.
    private static let largestBody = 1 << 30

    /// As many descriptors as kernels let a process have, if nobody raises that (fs.nr_open).
    private static let mostConnections = 1_048_576

    /// More than any host has; the tenth that is added to it at random still fits into an `Int`.
    private static let mostRequests = 1_000_000_000_000

    /// More than any host has.
    private static let largestMemory = 1 << 40

    /// `scheme://user:password@host` with the password hidden.
    private static func redactPassword(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://"), let at = url.lastIndex(of: "@"), scheme.upperBound < at,
            let colon = url[scheme.upperBound..<at].firstIndex(of: ":")
        else { return url }
        return url[...colon] + "<redacted>" + url[at...]
    }
}
