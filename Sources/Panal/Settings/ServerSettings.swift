public import HTTPServer
import Linux
public import Logging
public import Telemetry

/// The settings that every service has: where it listens, how many workers it runs, how patient it is, and what it takes.
public struct ServerSettings: SettingsGroup {
    /// Reads them.
    public init() {}

    /// The TCP port; 0 for a free one.
    @Setting(
        "PORT",
        default: "8080",
        "The TCP port to listen on; 0 takes a free one and logs it.",
        SettingFormat("a port number, 0 to 65535") { WholeNumberText.parse($0).flatMap { UInt16(exactly: $0) } }
    )
    public var port: UInt16

    /// An address, a name, or `unix:` and a path.
    @Setting(
        "HOST",
        default: "::",
        "The address to listen on: `::` is every address, IPv4 too; `unix:/path` a unix socket.",
        SettingFormat(HostText.expected) { HostText.isValid($0) ? $0 : nil }
    )
    public var host: String

    /// How many workers.
    @Setting(
        "WEB_CONCURRENCY",
        default: "auto",
        "Worker processes: `4`, a range that follows the load such as `2-8`, or `auto` (one for each usable core, at least 2).",
        SettingFormat("a number from 1 to \(WorkerCount.limit), a range such as 2-8, or auto") { WorkerCount($0) }
    )
    public var workers: WorkerCount

    /// How many handlers of a worker may wait at the same time.
    @Setting(
        "WEB_THREADS",
        default: "auto",
        "Handlers of a worker that may wait at the same time, each on a thread of its own, made on demand; `auto` is 16, less where the database has too few connections.",
        SettingFormat("a number from 1 to \(ThreadCount.limit), or auto") { ThreadCount($0) }
    )
    public var threads: ThreadCount

    /// How long a request may wait for a thread.
    @Setting(
        "QUEUE_TIMEOUT",
        default: "5s",
        "How long a request may wait for a thread when none is free, its time in the router (`X-Request-Start`) included.",
        .duration(atLeast: .milliseconds(1))
    )
    public var queueTimeout: Duration

    /// Connections that may wait to be accepted.
    @Setting(
        "BACKLOG",
        default: "4096",
        "Connections that may wait to be accepted; the kernel's net.core.somaxconn is a limit above it.",
        .wholeNumber(1...65_535)
    )
    public var backlog: Int

    /// The least severe events to log.
    @Setting(
        "LOG_LEVEL",
        default: "info",
        "The least severe events to log; access events are `info`.",
        .oneOf()
    )
    public var logLevel: Logger.Level

    /// How log lines are written.
    @Setting(
        "LOG_FORMAT",
        default: "auto",
        "How to write the log: `json`, one object a line; `text`, for people; `auto` is `text` on a terminal, else `json`.",
        .oneOf()
    )
    public var logFormat: LogFormat

    /// How long one request may be worked on.
    @Setting(
        "REQUEST_TIMEOUT",
        default: "15s",
        "How long one request may be worked on.",
        .duration(atLeast: shortest)
    )
    public var requestTimeout: Duration

    /// How long a worker may take to its readiness.
    @Setting(
        "BOOT_TIMEOUT",
        default: "10s",
        "How long a worker may take from its start to ready.",
        .duration(atLeast: shortest)
    )
    public var bootTimeout: Duration

    /// How long a worker may take to finish.
    @Setting(
        "SHUTDOWN_TIMEOUT",
        default: "20s",
        "How long a worker may take to finish its requests before it is killed; keep it above REQUEST_TIMEOUT.",
        .duration(atLeast: shortest)
    )
    public var shutdownTimeout: Duration

    /// How long to serve on after the order to stop.
    @Setting(
        "DRAIN_DELAY",
        default: "0s",
        "How long to serve on after TERM while `/readyz` already says 503, so that balancers look away first.",
        .duration()
    )
    public var drainDelay: Duration

    /// How long an idle connection stays open.
    @Setting(
        "KEEPALIVE_TIMEOUT",
        default: "95s",
        "How long an idle connection stays open; keep it above the balancer's own (Heroku 90 s, ALB 60 s).",
        .duration(atLeast: shortest)
    )
    public var keepAliveTimeout: Duration

    /// The largest body, in bytes.
    @Setting(
        "MAX_BODY_SIZE",
        default: "1MB",
        "The largest request body; more is answered 413. A route may take less.",
        .byteSize(atMost: largestBody)
    )
    public var maxBodySize: Int

    /// Memory of a worker for bodies under way, in bytes.
    @Setting(
        "MAX_BODY_MEMORY",
        default: "32MB",
        "Memory that a worker gives to bodies which have not arrived whole; more is answered 503. One always fits.",
        .byteSize(atMost: largestMemory)
    )
    public var maxBodyMemory: Int

    /// Connections of a worker.
    @Setting(
        "MAX_CONNECTIONS",
        default: "16384",
        "Connections that a worker holds; at the limit it leaves new ones to its siblings, or in the backlog.",
        .wholeNumber(1...mostConnections)
    )
    public var maxConnections: Int

    /// Requests after which a worker is replaced; 0 never.
    @Setting(
        "MAX_REQUESTS",
        default: "0",
        "Replace a worker after about so many requests (up to a tenth more, so that they do not go together); 0 never.",
        .wholeNumber(0...mostRequests)
    )
    public var maxRequests: Int

    /// The memory (PSS) at which a worker is replaced, in bytes; 0 never.
    @Setting(
        "MAX_WORKER_MEMORY",
        default: "0",
        "Replace a worker whose memory (PSS) stays above this; 0 never.",
        .byteSize(atMost: largestMemory)
    )
    public var maxWorkerMemory: Int

    /// The age at which a worker is replaced; zero never.
    @Setting(
        "MAX_WORKER_AGE",
        default: "0",
        "Replace a worker that is older than this; 0 never.",
        .duration()
    )
    public var maxWorkerAge: Duration

    /// Whether answers say who gave them.
    @Setting(
        "DEBUG_HEADERS",
        default: "off",
        "`on` has every answer say which process and thread gave it: `X-Panal-Worker: <pid>/<thread>`.",
        .oneOf()
    )
    public var debugHeaders: Switch

    /// Whether the service describes itself.
    @Setting(
        "DOCS",
        default: "on",
        "`on` has `/openapi.json` and the page `/docs` say what the service takes and answers, to everybody; `off` has neither.",
        .oneOf()
    )
    public var docs: Switch

    /// Peers that are believed when they say for whom they ask.
    @Setting(
        "TRUSTED_PROXIES",
        default: "",
        "Peers that are believed when they say for whom they ask: addresses or networks, separated by commas, or `unix`; unset trusts none.",
        .list("addresses or networks separated by commas, at least one, such as 10.0.0.0/8,::1") { AddressRange($0) }
    )
    public var trustedProxies: [AddressRange]

    /// In which fields they say it.
    @Setting(
        "PROXY_HEADERS",
        default: "x-forwarded",
        "Where trusted proxies say it: `x-forwarded` is X-Forwarded-For, -Proto and -Host, `forwarded` the field of RFC 7239; the other is not believed.",
        .oneOf()
    )
    public var proxyHeaders: ProxyHeaders

    /// The keys that open the API; none leaves it open.
    @Setting(
        "API_KEYS",
        default: "",
        "Who opens the API: entries that `keys new NAME` makes, separated by commas or line breaks; unset leaves it open, `open` says that this is meant.",
        SettingFormat(APIKeys.expected) { APIKeys($0) },
        mayBeEmpty: false,
        isSecret: true,
        show: { $0.summary }
    )
    public var apiKeys: APIKeys

    /// How much a caller may ask for; `nil` for no limit.
    @Setting(
        "RATE_LIMIT",
        default: "",
        "How many requests each API key's name may send to this host: `100/s`, `5000/m`, `100/10s`; unset is no limit.",
        .optionalRateLimit,
        mayBeEmpty: false,
        show: { $0.map { "\($0)" } ?? "none" }
    )
    public var rateLimit: RateLimit?

    /// How much an address may ask for; `nil` for no limit.
    @Setting(
        "RATE_LIMIT_ADDRESS",
        default: "",
        "How many requests each client's address (of IPv6: its /64 network) may send to this host, whoever asks; unset is no limit.",
        .optionalRateLimit,
        mayBeEmpty: false,
        show: { $0.map { "\($0)" } ?? "none" }
    )
    public var addressRateLimit: RateLimit?

    /// Whether the API asks nobody, others than this host's users may reach it (also through a proxy on this host), and nobody
    /// has said that this is meant.
    var isOpenUnsaid: Bool {
        let isOfThisHost = host.hasPrefix("unix:") || host == "localhost" || IPAddress(host)?.isLoopback == true
        return apiKeys.areNone && !apiKeys.isDeclaredOpen && !(isOfThisHost && trustedProxies.isEmpty)
    }

    /// A limit for keys, and none of these.
    public var contradiction: SettingFault? {
        guard let rateLimit, apiKeys.areNone else { return nil }
        let expected = "to be unset where API_KEYS are; RATE_LIMIT_ADDRESS limits the clients of an open API"
        return SettingFault(key: "RATE_LIMIT", value: "\(rateLimit)", expected: expected)
    }

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
}
