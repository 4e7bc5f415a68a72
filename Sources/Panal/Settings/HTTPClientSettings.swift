import Glibc
import HTTPClient
public import Linux

/// How the service calls others.
public struct HTTPClientSettings: SettingsGroup {
    /// Reads them.
    public init() {}

    /// How long a call may take.
    @Setting(
        "HTTP_CLIENT_TIMEOUT",
        default: "10s",
        "How long a call to another service may take, attempts and redirects included; a request's own deadline ends it, too.",
        .duration(atLeast: .milliseconds(1))
    )
    public var timeout: Duration

    /// How long an attempt may take until it has a connection.
    @Setting(
        "HTTP_CLIENT_CONNECT_TIMEOUT",
        default: "3s",
        "How long an attempt may take until it has a connection, with name resolution and TLS.",
        .duration(atLeast: .milliseconds(1))
    )
    public var connectTimeout: Duration

    /// How long an attempt may take from there to the first byte of the answer.
    @Setting(
        "HTTP_CLIENT_FIRST_BYTE_TIMEOUT",
        default: "5s",
        "How long an attempt may take from there to the first byte of the answer.",
        .duration(atLeast: .milliseconds(1))
    )
    public var firstByteTimeout: Duration

    /// The largest body of an answer, in bytes.
    @Setting(
        "HTTP_CLIENT_MAX_RESPONSE_SIZE",
        default: "1MiB",
        "The largest body of an answer, decoded; a call may take more or less.",
        .byteSize(atMost: 1 << 30)
    )
    public var maxResponseSize: Int

    /// How often a call is made again.
    @Setting(
        "HTTP_CLIENT_RETRIES",
        default: "2",
        "How often a call that may be repeated is made again after it failed; of all calls to a host at most a fifth.",
        .wholeNumber(0...10)
    )
    public var retries: Int

    /// Addresses that may be called although they are refused to most.
    @Setting(
        "HTTP_CLIENT_ALLOW",
        default: "",
        "Link-local, multicast or metadata addresses that may be called: addresses or networks, separated by commas.",
        .list("addresses or networks separated by commas, at least one, such as 169.254.1.1,fe80::/10") {
            IPNetwork($0)
        }
    )
    public var allowedAddresses: [IPNetwork]

    /// Whom to trust, instead of the system's authorities.
    @Setting(
        "HTTP_CLIENT_CA_FILE",
        default: "",
        "A PEM file of the authorities whose certificates are trusted, instead of the system's.",
        SettingFormat<String?>("the path of a file that this process can read") { path in
            // Unset, it is the empty text.
            if path.isEmpty { return .some(nil) }
            // Spelled out: a bare `nil` would be the good value of no file, and the system's authorities would be trusted.
            return unsafe access(path, R_OK) == 0 ? .some(path) : Optional<String?>.none
        }
    )
    public var caFile: String?
}

extension HTTPClient.Configuration {
    init(_ settings: HTTPClientSettings, service: ServiceInfo?) {
        self.init()
        timeout = settings.timeout
        connectTimeout = settings.connectTimeout
        firstByteTimeout = settings.firstByteTimeout
        maxResponseSize = settings.maxResponseSize
        retries.maxAttempts = settings.retries + 1
        allowedAddresses = settings.allowedAddresses
        caFile = settings.caFile
        if let service { userAgent = "\(service.name)/\(service.revision)" }
    }
}
